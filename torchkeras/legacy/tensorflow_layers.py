"""Layers that TensorFlow's Keras 2 had and Keras 3 has not."""

from types import ModuleType
from typing import Any

from torch import Tensor

from torchkeras import layers, ops, random
from torchkeras._base.messages import show
from torchkeras._base.registry import register_keras_serializable
from torchkeras.layers import Layer

from .notice import tell
from .patches import Patches


def apply(package: ModuleType, patches: Patches) -> None:
    """Add the layers.

    Args:
        package: The module that `keras` is.
        patches: Where they are noted.
    """
    for cls in (RandomHeight, RandomWidth):
        register_keras_serializable("torchkeras.legacy")(cls)
    for made in (RandomHeight, RandomWidth, AbstractRNNCell, ThresholdedReLU):
        patches.add(package.layers, made.__name__, made)
    patches.add(package.layers, "SyncBatchNormalization", SyncBatchNormalization)


class _RandomSize(Layer):
    """Stretches a batch of images along one axis, by another factor in each call in training.

    Args:
        factor: The largest change of the size as a part of it, or the least and the largest.
        interpolation: As in `ops.image.resize`.
        seed: A seed for the factors.
        **kwargs: The keyword arguments of `Layer`.
    """

    _axis: int

    def __init__(
        self,
        factor: float | tuple[float, float],
        interpolation: str = "bilinear",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        low, high = factor if isinstance(factor, (tuple, list)) else (-factor, factor)
        if not -1 < low <= high:
            raise ValueError(
                "`factor` must be a number in [0, 1), or two in order that are greater than -1. "
                f"Received: factor={show(factor)}."
            )
        tell(f"`{type(self).__name__}`", "use `RandomZoom`")
        self.factor, self.interpolation, self.seed = factor, interpolation, seed
        self._bounds = (1 + low, 1 + high)
        self.seed_generator = random.SeedGenerator(seed)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training:
            return inputs
        size = [inputs.shape[-3], inputs.shape[-2]]
        stretch = float(random.uniform((), *self._bounds, seed=self.seed_generator))
        size[self._axis] = max(1, int(stretch * size[self._axis]))
        resized = ops.image.resize(inputs, size, self.interpolation, data_format="channels_last")
        return resized.to(inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        shape = list(input_shape)
        shape[self._axis - 3] = None
        return tuple(shape)


class RandomHeight(_RandomSize):
    """Stretches a batch of images in height."""

    _axis = 0


class RandomWidth(_RandomSize):
    """Stretches a batch of images in width."""

    _axis = 1


class AbstractRNNCell(Layer):
    """What cells of one's own were made from: they define `call`, `state_size`, `output_size`."""


def ThresholdedReLU(theta: float = 1.0, **kwargs: Any) -> Layer:
    """Return a layer that keeps what is greater than `theta`, and sets the rest to 0.

    Args:
        theta: The threshold.
        **kwargs: The keyword arguments of `Layer`.
    """
    tell("`ThresholdedReLU`", "use `ReLU(threshold=...)`")
    return layers.ReLU(threshold=theta, **kwargs)


def SyncBatchNormalization(**kwargs: Any) -> Layer:
    """Return a batch normalization; with several processes, each normalizes its own batch.

    Args:
        **kwargs: The arguments of `BatchNormalization`.
    """
    tell("`SyncBatchNormalization`", "use `BatchNormalization`")
    return layers.BatchNormalization(**kwargs)
