"""`ReLU`: the rectified linear unit, with its relatives."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import activations
from torchkeras.layers.base.arguments import number
from torchkeras.layers.layer import Layer


class ReLU(Layer):
    """A rectified linear unit: `max(inputs, 0)`, or with other arguments a bent and cut one.

    The output is `min(inputs, max_value)` above `threshold`, and
    `negative_slope · (inputs - threshold)` below it.

    Args:
        max_value: The largest output; `None` for no limit.
        negative_slope: The slope below `threshold`.
        threshold: Where the unit opens.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: If an argument is negative.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.ReLU(max_value=6.0)(torch.tensor([-1.0, 2.0, 9.0]))
        tensor([0., 2., 6.])
    """

    built = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else number("max_value", max_value, 0.0)
        self.negative_slope = number("negative_slope", negative_slope, 0.0)
        self.threshold = number("threshold", threshold, 0.0)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        if self.max_value is None and self.threshold == self.negative_slope == 0:
            return torch.relu(inputs)
        return activations.relu(
            inputs,
            negative_slope=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )
