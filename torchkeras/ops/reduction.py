"""Functions that reduce axes: sums, means, extremes and where they are."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import beside, dims, inexact

Axis = int | tuple[int, ...] | list[int] | None
_SMALL = (torch.bool, torch.int8, torch.int16, torch.uint8)


def summed(x: Tensor) -> torch.dtype:
    """Return the dtype of a sum: that of `x`, but int32 for booleans and small whole numbers."""
    return torch.int32 if x.dtype in _SMALL else x.dtype


@op
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the sum over axes.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.sum([[1, 2], [3, 4]], axis=0).tolist()
        [4, 6]
    """
    value = tensor(x)
    over = dims(value, axis)
    if not over:
        return value if value.dim() else value.to(summed(value))
    return torch.sum(value, over, keepdims, dtype=summed(value))


@op
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the mean over axes; whole numbers give floats.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.mean([[1, 2], [3, 4]], axis=1).tolist()
        [1.5, 3.5]
    """
    value = inexact(x)
    over = dims(value, axis)
    return torch.mean(value, over, keepdims) if over else value


@op
def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the variance over axes, `mean((x - mean(x))²)`.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.var([1.0, 3.0]).item()
        1.0
    """
    value = inexact(x)
    over = dims(value, axis)
    if not over:
        return torch.zeros_like(value)
    return torch.var(value, over, correction=0, keepdim=keepdims)


@op
def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the standard deviation over axes, the root of the variance.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.std([1.0, 3.0]).item()
        1.0
    """
    value = inexact(x)
    over = dims(value, axis)
    if not over:
        return torch.zeros_like(value)
    return torch.std(value, over, correction=0, keepdim=keepdims)


@op
def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the largest value over axes.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
        initial: A value that the result is not below.

    Raises:
        ValueError: If there are no values, and no `initial`.

    Example:
        >>> from torchkeras import ops
        >>> ops.max([[1, 5], [3, 4]], axis=1).tolist()
        [5, 4]
    """
    value = tensor(x)
    if initial is None:
        return _extreme(torch.amax, value, axis, keepdims)
    first = beside(initial, value).to(value.dtype)
    if 0 in value.shape:
        return _reduced(value, axis, keepdims, first)
    return torch.maximum(_extreme(torch.amax, value, axis, keepdims), first)


@op
def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the smallest value over axes.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
        initial: A value that the result is not above.

    Raises:
        ValueError: If there are no values, and no `initial`.

    Example:
        >>> from torchkeras import ops
        >>> ops.min([[1, 5], [3, 4]], axis=1).tolist()
        [1, 3]
    """
    value = tensor(x)
    if initial is None:
        return _extreme(torch.amin, value, axis, keepdims)
    first = beside(initial, value).to(value.dtype)
    if 0 in value.shape:
        return _reduced(value, axis, keepdims, first)
    return torch.minimum(_extreme(torch.amin, value, axis, keepdims), first)


@op
def amax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the largest value over axes.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.amax([[1, 5], [3, 4]], axis=1).tolist()
        [5, 4]
    """
    return _extreme(torch.amax, tensor(x), axis, keepdims)


@op
def amin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the smallest value over axes.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.amin([[1, 5], [3, 4]], axis=1).tolist()
        [1, 3]
    """
    return _extreme(torch.amin, tensor(x), axis, keepdims)


@op
def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the range over axes, the largest value minus the smallest.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.ptp([1, 5, 3]).item()
        4
    """
    value = tensor(x)
    high = _extreme(torch.amax, value, axis, keepdims)
    return high - _extreme(torch.amin, value, axis, keepdims)


@op
def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Return the product over axes.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
        dtype: The dtype of the result; that of `x` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.prod([2, 3, 4]).item()
        24
    """
    value = tensor(x)
    value = value.to(summed(value) if dtype is None else to_torch(dtype))
    for dim in sorted(dims(value, axis), reverse=True):
        value = torch.prod(value, dim, keepdims, dtype=value.dtype)
    return value


@op
def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Say whether any value over axes holds.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.any([[True, False], [False, False]], axis=1).tolist()
        [True, False]
    """
    value = tensor(x).bool()
    over = dims(value, axis)
    return torch.any(value, over, keepdims) if over else value


@op
def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Say whether all values over axes hold.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.all([[True, False], [True, True]], axis=1).tolist()
        [False, True]
    """
    value = tensor(x).bool()
    over = dims(value, axis)
    return torch.all(value, over, keepdims) if over else value


@op
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the largest value along an axis is, as int32.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        keepdims: Whether it stays with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.argmax([[1, 5], [7, 4]], axis=1).tolist()
        [1, 0]
    """
    return torch.argmax(ordered(tensor(x)), axis, keepdims).to(torch.int32)


@op
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the smallest value along an axis is, as int32.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        keepdims: Whether it stays with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.argmin([[1, 5], [7, 4]], axis=1).tolist()
        [0, 1]
    """
    return torch.argmin(ordered(tensor(x)), axis, keepdims).to(torch.int32)


@op
def count_nonzero(x: Any, axis: Axis = None) -> Tensor:
    """Return how many values over axes are not zero, as int32.

    Args:
        x: A tensor.
        axis: The axes; all if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.count_nonzero([0, 3, 0, 4]).item()
        2
    """
    held = tensor(x) != 0
    over = dims(held, axis)
    return torch.sum(held, over, dtype=torch.int32) if over else held.to(torch.int32)


@op
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the logarithm of the sum of exponentials over axes, `ln Σ eˣ`.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.logsumexp([0.0]).item()
        0.0
    """
    value = inexact(x)
    return torch.logsumexp(value, dims(value, axis), keepdims)


@op
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return a norm over axes, the Euclidean one if `ord` is not given.

    Args:
        x: A tensor.
        ord: Which norm.
        axis: One axis for vectors, two for matrices, all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.norm([3.0, 4.0]).item()
        5.0
    """
    return torch.linalg.norm(inexact(x), ord, axis, keepdims)


def ordered(x: Tensor) -> Tensor:
    """Return a tensor that torch can order: booleans as the numbers 0 and 1."""
    return x.to(torch.uint8) if x.dtype is torch.bool else x


def _extreme(function: Any, value: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    over = dims(value, axis)
    if 0 in [value.shape[dim] for dim in over]:
        raise ValueError(
            "`x` must have values along the axes that are reduced; give `max` or `min` an "
            f"`initial` otherwise. Received: x of shape {tuple(value.shape)}, axis={axis}."
        )
    return function(value, over, keepdims) if over else value


def _reduced(value: Tensor, axis: Axis, keepdims: bool, fill: Tensor) -> Tensor:
    """Return one value in the shape that is left of a tensor without values."""
    return torch.sum(value, dims(value, axis), keepdims).mul(0).to(value.dtype) + fill
