"""Evenly spaced values, and grids of them."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of
from torchkeras._base.promotion import result_type
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import dim, promoted


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Return evenly spaced values from `start` to below `stop`.

    Args:
        start: The first value, or the end if `stop` is not given.
        stop: The end, left out.
        step: The distance; 1 if not given.
        dtype: The dtype; int32 for whole numbers and `floatx()` for floats if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.arange(1, 7, 2).tolist()
        [1, 3, 5]
    """
    first, end = (0, start) if stop is None else (start, stop)
    distance = 1 if step is None else step
    if dtype is None:
        given = [value for value in (start, stop, step) if value is not None]
        dtype = result_type(*(getattr(value, "dtype", type(value)) for value in given))
    return torch.arange(first, end, distance, dtype=to_torch(dtype), device=device.running())


@op
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return `num` evenly spaced values from `start` to `stop`.

    Args:
        start: The first value, a number or tensor.
        stop: The last value.
        num: How many values.
        endpoint: Whether `stop` is one of them.
        retstep: Whether the distance is returned too.
        dtype: The dtype; that of floats of `start` and `stop` if not given.
        axis: Where the values go, for tensors.

    Example:
        >>> from torchkeras import ops
        >>> ops.linspace(0, 1, 3).tolist()
        [0.0, 0.5, 1.0]
    """
    first, last = _ends(start, stop)
    wanted = first.dtype if dtype is None else to_torch(dtype)
    values, distance = _spaced(first, last, num, endpoint)
    values = values.to(wanted).movedim(0, dim(axis, values.dim()))
    return (values, distance) if retstep else values


@op
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """Return `num` values from `base ** start` to `base ** stop`, evenly spaced as powers.

    Args:
        start: The logarithm of the first value, a number or tensor.
        stop: The logarithm of the last value.
        num: How many values.
        endpoint: Whether `base ** stop` is one of them.
        base: The base of the logarithms.
        dtype: The dtype; that of floats of `start` and `stop` if not given.
        axis: Where the values go, for tensors.

    Example:
        >>> from torchkeras import ops
        >>> ops.logspace(0, 2, 3).tolist()
        [1.0, 10.0, 100.0]
    """
    first, last = _ends(start, stop)
    wanted = first.dtype if dtype is None else to_torch(dtype)
    values = torch.pow(base, _spaced(_wide(first), _wide(last), num, endpoint)[0])
    return values.to(wanted).movedim(0, dim(axis, values.dim()))


@op
def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """Return `num` values from `start` to `stop`, each the same multiple of the one before.

    Args:
        start: The first value, a number or tensor, not 0.
        stop: The last value, of the same sign.
        num: How many values.
        endpoint: Whether `stop` is one of them.
        dtype: The dtype; that of floats of `start` and `stop` if not given.
        axis: Where the values go, for tensors.

    Example:
        >>> from torchkeras import ops
        >>> ops.geomspace(1, 16, 3, dtype="int32").tolist()
        [1, 4, 16]
    """
    first, last = _ends(start, stop)
    wanted = first.dtype if dtype is None else to_torch(dtype)
    low, high = (torch.log10(torch.abs(_wide(end))) for end in (first, last))
    values = torch.pow(10.0, _spaced(low, high, num, endpoint)[0]) * torch.sign(_wide(first))
    return values.to(wanted).movedim(0, dim(axis, values.dim()))


@op
def meshgrid(*x: Any, indexing: str = "xy") -> list[Tensor]:
    """Return the coordinates of a grid, one tensor an axis.

    Args:
        *x: Vectors or numbers.
        indexing: `"xy"` for the first vector along the second axis, `"ij"` for the first along
            the first.

    Example:
        >>> from torchkeras import ops
        >>> [axis.tolist() for axis in ops.meshgrid([1, 2], [3, 4])]
        [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    one_of("indexing", indexing, ("xy", "ij"))
    vectors = [tensor(v).reshape(-1) for v in x]
    order = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        order[:2] = [1, 0]
    sizes = [0] * len(vectors)
    for place, vector in zip(order, vectors, strict=True):
        sizes[place] = vector.shape[0]
    return [
        vector.reshape([-1 if axis == place else 1 for axis in range(len(vectors))]).expand(sizes)
        for place, vector in zip(order, vectors, strict=True)
    ]


def _ends(start: Any, stop: Any) -> tuple[Tensor, Tensor]:
    first, last = promoted(start, stop, floats=True)
    if not any(hasattr(end, "device") for end in (start, stop)):
        return first.to(device.running()), last.to(device.running())
    return first, last


def _wide(x: Tensor) -> Tensor:
    """Return halves in float32, in which their powers are computed."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _spaced(first: Tensor, last: Tensor, num: int, endpoint: bool) -> tuple[Tensor, Tensor]:
    """Return the values along a new first axis, each counted from its nearer end, and the step."""
    if num < 0:
        raise ValueError(f"`num` must not be negative. Received: num={num}.")
    gaps = num - 1 if endpoint else num
    distance = (last - first) / gaps if gaps > 0 else (last - first) * torch.nan
    step = (last - first) / max(gaps, 1)
    where = first.device if first.dim() >= last.dim() else last.device
    count = torch.arange(num, device=where).reshape(-1, *[1] * step.dim()).to(step.dtype)
    rising, falling = first + count * step, last - (gaps - count) * step
    return torch.where(count < num / 2, rising, falling), distance
