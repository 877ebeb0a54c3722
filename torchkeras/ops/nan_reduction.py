"""Functions that reduce axes and leave out what is no number."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import dims, inexact
from .reduction import Axis, all, amax, amin, argmax, argmin, prod, sum


@op
def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the sum over axes of what is a number.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nansum([1.0, float("nan"), 2.0]).item()
        3.0
    """
    value = replaced(tensor(x), 0)
    return sum(value, axis, keepdims) if dims(value, axis) else value


@op
def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the product over axes of what is a number.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanprod([3.0, float("nan"), 2.0]).item()
        6.0
    """
    value = replaced(tensor(x), 1)
    return prod(value, axis, keepdims) if dims(value, axis) else value


@op
def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the mean over axes of what is a number.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanmean([1.0, float("nan"), 2.0]).item()
        1.5
    """
    value = inexact(x)
    over = dims(value, axis)
    return torch.nanmean(value, over, keepdims) if over else value


@op
def nanvar(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the variance over axes of what is a number.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanvar([1.0, float("nan"), 3.0]).item()
        1.0
    """
    value = inexact(x)
    over = dims(value, axis)
    missing = torch.isnan(value)
    if not over:
        return torch.where(missing, value, torch.zeros_like(value))
    apart = value - torch.nanmean(value, over, keepdim=True)
    apart = torch.where(missing, torch.zeros_like(apart), apart)
    squares = apart.abs().square() if apart.is_complex() else apart.square()
    return torch.sum(squares, over, keepdims) / torch.sum(~missing, over, keepdims)


@op
def nanstd(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the standard deviation over axes of what is a number.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanstd([1.0, float("nan"), 3.0]).item()
        1.0
    """
    return torch.sqrt(nanvar(x, axis, keepdims))


@op
def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the largest number over axes; NaN where there is none.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanmax([1.0, float("nan"), 3.0]).item()
        3.0
    """
    value = tensor(x)
    result = amax(replaced(value, -torch.inf), axis, keepdims)
    return _where_none(value, axis, keepdims, torch.nan, result)


@op
def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the smallest number over axes; NaN where there is none.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanmin([1.0, float("nan"), 3.0]).item()
        1.0
    """
    value = tensor(x)
    result = amin(replaced(value, torch.inf), axis, keepdims)
    return _where_none(value, axis, keepdims, torch.nan, result)


@op
def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the largest number along an axis is, as int32; -1 where there is none.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        keepdims: Whether it stays with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanargmax([1.0, float("nan"), 3.0]).item()
        2
    """
    value = tensor(x)
    result = argmax(replaced(value, -torch.inf), axis, keepdims)
    return _where_none(value, axis, keepdims, -1, result)


@op
def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the smallest number along an axis is, as int32; -1 where there is none.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        keepdims: Whether it stays with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanargmin([float("nan"), 2.0, 3.0]).item()
        1
    """
    value = tensor(x)
    result = argmin(replaced(value, torch.inf), axis, keepdims)
    return _where_none(value, axis, keepdims, -1, result)


def replaced(value: Tensor, number: float) -> Tensor:
    """Return a tensor with a number in place of each NaN."""
    if not (value.is_floating_point() or value.is_complex()):
        return value
    return torch.where(torch.isnan(value), number, value)


def _where_none(value: Tensor, axis: Axis, keepdims: bool, number: float, result: Tensor) -> Tensor:
    """Return a number where everything that was reduced is NaN, and the result elsewhere."""
    if not value.is_floating_point():
        return result
    return torch.where(all(torch.isnan(value), axis, keepdims), number, result)
