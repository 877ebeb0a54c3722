"""Functions along an axis: running sums and products, differences, integrals."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .nan_reduction import replaced
from .operands import beside, inexact


@op
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running sum along an axis.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        dtype: The dtype of the result; that of `x` if not given, int32 for booleans.

    Example:
        >>> from torchkeras import ops
        >>> ops.cumsum([1, 2, 3]).tolist()
        [1, 3, 6]
    """
    value, dim = _along(tensor(x), axis)
    return torch.cumsum(value, dim, dtype=_wanted(value, dtype))


@op
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running product along an axis.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        dtype: The dtype of the result; that of `x` if not given, int32 for booleans.

    Example:
        >>> from torchkeras import ops
        >>> ops.cumprod([1, 2, 3]).tolist()
        [1, 2, 6]
    """
    value, dim = _along(tensor(x), axis)
    return torch.cumprod(value, dim, dtype=_wanted(value, dtype))


@op
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running sum along an axis, with 0 for what is no number.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        dtype: The dtype of the result; that of `x` if not given, int32 for booleans.

    Example:
        >>> from torchkeras import ops
        >>> ops.nancumsum([1.0, float("nan"), 3.0]).tolist()
        [1.0, 1.0, 4.0]
    """
    return cumsum(replaced(tensor(x), 0), axis, dtype)


@op
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running product along an axis, with 1 for what is no number.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        dtype: The dtype of the result; that of `x` if not given, int32 for booleans.

    Example:
        >>> from torchkeras import ops
        >>> ops.nancumprod([2.0, float("nan"), 3.0]).tolist()
        [2.0, 2.0, 6.0]
    """
    return cumprod(replaced(tensor(x), 1), axis, dtype)


@op
def diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    """Return the differences of neighbours along an axis, `a[i + 1] - a[i]`.

    Args:
        a: A tensor.
        n: How many times the difference is taken.
        axis: The axis.

    Example:
        >>> from torchkeras import ops
        >>> ops.diff([1, 4, 9]).tolist()
        [3, 5]
    """
    return torch.diff(tensor(a), n, axis)


@op
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """Return the integral along an axis by the trapezoidal rule, `Σ (yᵢ + yᵢ₊₁)/2 · Δx`.

    Args:
        y: The values.
        x: Where they lie.
        dx: How far apart they are, if `x` is not given.
        axis: The axis.

    Example:
        >>> from torchkeras import ops
        >>> ops.trapezoid([1.0, 2.0, 3.0]).item()
        4.0
    """
    value = tensor(y)
    value = inexact(value) if value.dtype is torch.bool else value
    if x is not None:
        return torch.trapezoid(value, beside(x, value), dim=axis)
    if isinstance(dx, (int, float)):
        return torch.trapezoid(value, dx=dx, dim=axis)
    return torch.trapezoid(value, dim=axis) * beside(dx, value)


def _along(value: Tensor, axis: int | None) -> tuple[Tensor, int]:
    """Return a tensor and one of its axes: the flat one for `None`."""
    return (value.reshape(-1), 0) if axis is None else (value, axis)


def _wanted(value: Tensor, dtype: Any) -> torch.dtype:
    wanted = value.dtype if dtype is None else to_torch(dtype)
    return torch.int32 if wanted is torch.bool else wanted
