"""Functions that reduce axes: sums, means, extremes, norms and counts."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

Axis = int | tuple[int, ...] | list[int] | None


def _dims(x: Tensor, axis: Axis) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.dim()))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def _float(x: Any) -> Tensor:
    value = tensor(x)
    return value if value.is_floating_point() or value.is_complex() else value.to(to_torch(None))


def _whole(x: Tensor) -> torch.dtype | None:
    """Return the dtype of a sum: integers keep their width and booleans become int32."""
    if x.dtype is torch.bool:
        return torch.int32
    small = (torch.int8, torch.int16, torch.uint8)
    return torch.int32 if x.dtype in small else x.dtype


@op
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the sum over axes.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
    """
    value = tensor(x)
    return torch.sum(value, _dims(value, axis), keepdims, dtype=_whole(value))


@op
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the mean over axes; integers give floats.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
    """
    value = _float(x)
    return torch.mean(value, _dims(value, axis), keepdims)


@op
def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the variance over axes, `mean((x - mean(x))²)`.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
    """
    value = _float(x)
    return torch.var(value, _dims(value, axis), correction=0, keepdim=keepdims)


@op
def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the standard deviation over axes, the root of the variance.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
    """
    value = _float(x)
    return torch.std(value, _dims(value, axis), correction=0, keepdim=keepdims)


@op
def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the largest value over axes.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
        initial: A value that the result is not below.
    """
    value = tensor(x)
    result = torch.amax(value, _dims(value, axis), keepdims)
    return result if initial is None else torch.clip(result, min=initial)


@op
def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the smallest value over axes.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
        initial: A value that the result is not above.
    """
    value = tensor(x)
    result = torch.amin(value, _dims(value, axis), keepdims)
    return result if initial is None else torch.clip(result, max=initial)


@op
def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Return the product over axes.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
        dtype: The dtype of the result; that of `x` if not given.
    """
    value = tensor(x)
    wanted = _whole(value) if dtype is None else to_torch(dtype)
    for dim in sorted((d % value.dim() for d in _dims(value, axis)), reverse=True):
        value = torch.prod(value, dim, keepdims, dtype=wanted)
    return value


@op
def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Say whether any value over axes holds.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
    """
    value = tensor(x).bool()
    return torch.amax(value, _dims(value, axis), keepdims)


@op
def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Say whether all values over axes hold.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
    """
    value = tensor(x).bool()
    return torch.amin(value, _dims(value, axis), keepdims)


@op
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the largest value along an axis is, as int32.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        keepdims: Whether it stays with size 1.
    """
    value = tensor(x)
    value = value.to(torch.uint8) if value.dtype is torch.bool else value
    return torch.argmax(value, axis, keepdims).to(torch.int32)


@op
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the smallest value along an axis is, as int32.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        keepdims: Whether it stays with size 1.
    """
    value = tensor(x)
    value = value.to(torch.uint8) if value.dtype is torch.bool else value
    return torch.argmin(value, axis, keepdims).to(torch.int32)


@op
def count_nonzero(x: Any, axis: Axis = None) -> Tensor:
    """Return how many values over axes are not zero, as int32.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
    """
    value = tensor(x)
    return torch.count_nonzero(value, _dims(value, axis)).to(torch.int32)


@op
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the logarithm of the sum of exponentials over axes, `ln Σ eˣ`.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.
    """
    value = _float(x)
    return torch.logsumexp(value, _dims(value, axis), keepdims)


@op
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running sum along an axis.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        dtype: The dtype of the result; that of `x` if not given.
    """
    value = tensor(x)
    wanted = _whole(value) if dtype is None else to_torch(dtype)
    return torch.cumsum(value.flatten() if axis is None else value, axis or 0, dtype=wanted)


@op
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running product along an axis.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor if not given.
        dtype: The dtype of the result; that of `x` if not given.
    """
    value = tensor(x)
    wanted = _whole(value) if dtype is None else to_torch(dtype)
    return torch.cumprod(value.flatten() if axis is None else value, axis or 0, dtype=wanted)


@op
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return a norm over axes, the Euclidean one if `ord` is not given.

    Args:
        x: A tensor.
        ord: Which norm.
        axis: One axis for vectors, two for matrices, all if not given.
        keepdims: Whether they stay with size 1.
    """
    return torch.linalg.norm(_float(x), ord, axis, keepdims)
