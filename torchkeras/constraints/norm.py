"""Constraints on the length of weight vectors, and on signs."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.settings import epsilon
from torchkeras._state.convert import tensor

from .constraint import Constraint

Axis = int | Sequence[int] | None


class MaxNorm(Constraint):
    """Shortens weight vectors that are longer than `max_value` to that length.

    Args:
        max_value: The greatest length.
        axis: The axis, or axes, along which a vector lies: 0 for the kernel of a Dense layer,
            `[0, 1, 2]` for that of a Conv2D layer.

    Example:
        >>> import torchkeras
        >>> torchkeras.constraints.MaxNorm(2.0)([[3.0], [4.0]])
        tensor([[1.2000],
                [1.6000]])
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Tensor:
        w = _floats(w)
        norms = _norms(w, self.axis)
        return w * (norms.clamp(0, self.max_value) / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class MinMaxNorm(Constraint):
    """Brings the length of weight vectors between `min_value` and `max_value`.

    Args:
        min_value: The smallest length.
        max_value: The greatest length.
        rate: How much of the way a step goes; 1 goes all of it.
        axis: The axis, or axes, along which a vector lies: 0 for the kernel of a Dense layer,
            `[0, 1, 2]` for that of a Conv2D layer.

    Example:
        >>> import torchkeras
        >>> torchkeras.constraints.MinMaxNorm(rate=0.5)([[3.0], [4.0]])
        tensor([[1.8000],
                [2.4000]])
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Axis = 0,
    ) -> None:
        self.min_value, self.max_value = min_value, max_value
        self.rate, self.axis = rate, axis

    def __call__(self, w: Any) -> Tensor:
        w = _floats(w)
        norms = _norms(w, self.axis)
        clipped = norms.clamp(self.min_value, self.max_value)
        desired = self.rate * clipped + (1 - self.rate) * norms
        return w * (desired / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


class UnitNorm(Constraint):
    """Gives weight vectors the length 1.

    Args:
        axis: The axis, or axes, along which a vector lies: 0 for the kernel of a Dense layer,
            `[0, 1, 2]` for that of a Conv2D layer.

    Example:
        >>> import torchkeras
        >>> torchkeras.constraints.UnitNorm()([[3.0], [4.0]])
        tensor([[0.6000],
                [0.8000]])
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        w = _floats(w)
        return w / (epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class NonNeg(Constraint):
    """Sets negative weights to zero.

    Example:
        >>> import torchkeras
        >>> torchkeras.constraints.NonNeg()([-1.0, 2.0])
        tensor([0., 2.])
    """

    def __call__(self, w: Any) -> Tensor:
        return tensor(w).clamp(min=0)


def _floats(w: Any) -> Tensor:
    w = tensor(w)
    return w if w.is_floating_point() else w.to(to_torch(None))


def _norms(w: Tensor, axis: Axis) -> Tensor:
    dim = axis if axis is None or isinstance(axis, int) else tuple(axis)
    return torch.linalg.vector_norm(w, dim=dim, keepdim=True)
