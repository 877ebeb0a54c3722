"""`UnitNormalization`: every vector to length 1."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras.layers.layer import Layer

from .statistics import axes_of, check_axis


class UnitNormalization(Layer):
    """Divide by the length: `inputs / √(Σ inputs²)`; zeros stay zeros.

    Args:
        axis: The axis, or axes, over which the squares are summed.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        TypeError: If `axis` is neither an integer nor a list of integers.
        ValueError: If an axis is not one of the input's.

    Differs from Keras:
        The gradient at zeros is finite; Keras's is NaN.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.UnitNormalization()(torch.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """

    computes_in_floats = True

    built = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axes_of(axis)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        try:
            return F.normalize(inputs, dim=self.axis)  # type: ignore[arg-type]
        except IndexError:
            for axis in [self.axis] if isinstance(self.axis, int) else self.axis:
                check_axis(axis, inputs.shape, self.name)
            raise
