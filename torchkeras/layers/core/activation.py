"""`Activation`: a function of the inputs as a layer."""

from typing import Any

from torch import Tensor

from torchkeras import activations
from torchkeras.layers.layer import Layer


class Activation(Layer):
    """A function applied to each input: `activation(inputs)`.

    Args:
        activation: A name, object or function.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Activation("relu")(torch.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    built = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)
