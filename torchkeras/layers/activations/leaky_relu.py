"""`LeakyReLU`: a rectified linear unit that lets a little through."""

import warnings
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras.layers.base.arguments import number
from torchkeras.layers.layer import Layer


class LeakyReLU(Layer):
    """A leaky rectified linear unit: `inputs` above zero, `negative_slope · inputs` below.

    Args:
        negative_slope: The slope below zero.
        **kwargs: The keyword arguments of `Layer`; `alpha` is the older name of `negative_slope`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: If `negative_slope` is negative.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.LeakyReLU(0.5)(torch.tensor([-2.0, 2.0]))
        tensor([-1.,  2.])
    """

    built = True

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn(
                "Argument `alpha` is deprecated. Use `negative_slope` instead.", stacklevel=2
            )
        super().__init__(**kwargs)
        self.negative_slope = number("negative_slope", negative_slope, 0.0)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return F.leaky_relu(inputs, self.negative_slope)
