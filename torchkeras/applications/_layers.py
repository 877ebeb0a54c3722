"""Layers that only some of the networks have. Keras's configs name them, so they are known here."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras import initializers
from torchkeras.layers import Layer


class _KnownToKeras(Layer):
    """A layer that Keras finds by the name of its module, as it is not public there either."""

    computes_in_floats = True

    def _extra_serialization(self) -> dict[str, Any]:
        return {**super()._extra_serialization(), "registered_name": type(self).__name__}


class LayerScale(_KnownToKeras):
    """Multiply each channel by a number that is trained: `inputs · gamma`.

    Args:
        init_values: What the numbers start as.
        projection_dim: How many channels there are.
        **kwargs: The keyword arguments of `Layer`.

    Source:
        H. Touvron et al.: Going deeper with Image Transformers, 2021, arXiv:2103.17239.
    """

    _keras_module = "keras.src.applications.convnext"

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = projection_dim

    def build(self, input_shape: Any) -> None:
        self.gamma = self.add_weight(
            shape=(self.projection_dim,),
            initializer=initializers.Constant(self.init_values),
        )

    def call(self, x: Tensor) -> Tensor:
        return x * self.gamma.value


class StochasticDepth(_KnownToKeras):
    """In training, set whole samples to zero and divide the rest by `1 - drop_path_rate`.

    Args:
        drop_path_rate: The part to drop, from 0 to 1.
        **kwargs: The keyword arguments of `Layer`.

    Source:
        G. Huang et al.: Deep Networks with Stochastic Depth, 2016, arXiv:1603.09382.
    """

    _keras_module = "keras.src.applications.convnext"

    def __init__(self, drop_path_rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.drop_path_rate = drop_path_rate

    def call(self, x: Tensor, training: bool | None = None) -> Tensor:
        if not training:
            return x
        keep = 1 - self.drop_path_rate
        shape = (x.shape[0], *[1] * (x.dim() - 1))
        chosen = torch.rand(shape, dtype=x.dtype, device=x.device) < keep
        return x / keep * chosen


class CustomScaleLayer(_KnownToKeras):
    """Add a scaled map to another: `inputs[0] + scale · inputs[1]`.

    Args:
        scale: The factor of the second map.
        **kwargs: The keyword arguments of `Layer`.
    """

    _keras_module = "keras.src.applications.inception_resnet_v2"

    def __init__(self, scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        return torch.add(inputs[0], inputs[1], alpha=self.scale)
