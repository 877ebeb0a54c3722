"""Making tensors: constants, ranges and matrices."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


def _sizes(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)


def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of zeros.

    Args:
        shape: The shape.
        dtype: The dtype; `floatx()` if not given.
    """
    return torch.zeros(_sizes(shape), dtype=to_torch(dtype), device=device.running())


def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of ones.

    Args:
        shape: The shape.
        dtype: The dtype; `floatx()` if not given.
    """
    return torch.ones(_sizes(shape), dtype=to_torch(dtype), device=device.running())


def empty(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor with whatever values its memory has.

    Args:
        shape: The shape.
        dtype: The dtype; `floatx()` if not given.
    """
    return torch.empty(_sizes(shape), dtype=to_torch(dtype), device=device.running())


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor filled with one value.

    Args:
        shape: The shape.
        fill_value: The value, or a tensor that broadcasts to the shape.
        dtype: The dtype; `floatx()` if not given.
    """
    return tensor(fill_value).to(device.running(), to_torch(dtype)).expand(_sizes(shape)).clone()


@op
def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Return zeros in the shape of `x`.

    Args:
        x: A tensor.
        dtype: The dtype; that of `x` if not given.
    """
    return torch.zeros_like(tensor(x), dtype=None if dtype is None else to_torch(dtype))


@op
def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Return ones in the shape of `x`.

    Args:
        x: A tensor.
        dtype: The dtype; that of `x` if not given.
    """
    return torch.ones_like(tensor(x), dtype=None if dtype is None else to_torch(dtype))


@op
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return one value in the shape of `x`.

    Args:
        x: A tensor.
        fill_value: The value.
        dtype: The dtype; that of `x` if not given.
    """
    like = tensor(x)
    wanted = like.dtype if dtype is None else to_torch(dtype)
    return tensor(fill_value).to(like.device, wanted).expand(like.shape).clone()


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Return evenly spaced values from `start` to below `stop`.

    Args:
        start: The first value, or the end if `stop` is not given.
        stop: The end, left out.
        step: The distance; 1 if not given.
        dtype: The dtype; int32 for integers and `floatx()` for floats if not given.
    """
    first, end = (0, start) if stop is None else (start, stop)
    distance = 1 if step is None else step
    if dtype is None:
        floats = any(isinstance(value, float) for value in (first, end, distance))
        dtype = None if floats else "int32"
    return torch.arange(first, end, distance, dtype=to_torch(dtype), device=device.running())


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
        dtype: The dtype; `floatx()` if not given.
        axis: Where the values go, for tensors.
    """
    wanted = to_torch(dtype)
    first, last = (tensor(value).to(torch.float32) for value in (start, stop))
    distance = (last - first) / max(num - 1 if endpoint else num, 1)
    ranks = max(first.dim(), last.dim())
    counts = torch.arange(num, device=first.device).reshape(-1, *[1] * ranks)
    values = (first + counts * distance).movedim(0, axis).to(wanted)
    return (values, distance) if retstep else values


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return a matrix with ones on a diagonal.

    Args:
        N: The number of rows.
        M: The number of columns; `N` if not given.
        k: Which diagonal, 0 being the main one.
        dtype: The dtype; `floatx()` if not given.
    """
    return tri(N, M, k, dtype) - tri(N, M, k - 1, dtype)


def identity(n: int, dtype: Any = None) -> Tensor:
    """Return the identity matrix.

    Args:
        n: The number of rows and columns.
        dtype: The dtype; `floatx()` if not given.
    """
    return torch.eye(n, dtype=to_torch(dtype), device=device.running())


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return a matrix with ones on and below a diagonal.

    Args:
        N: The number of rows.
        M: The number of columns; `N` if not given.
        k: Which diagonal, 0 being the main one.
        dtype: The dtype; `floatx()` if not given.
    """
    filled = torch.ones(N, N if M is None else M, dtype=to_torch(dtype), device=device.running())
    return filled.tril(k)


@op
def tril(x: Any, k: int = 0) -> Tensor:
    """Return a tensor with zeros above a diagonal of its last two axes.

    Args:
        x: A tensor.
        k: Which diagonal.
    """
    return tensor(x).tril(k)


@op
def triu(x: Any, k: int = 0) -> Tensor:
    """Return a tensor with zeros below a diagonal of its last two axes.

    Args:
        x: A tensor.
        k: Which diagonal.
    """
    return tensor(x).triu(k)


@op
def diag(x: Any, k: int = 0) -> Tensor:
    """Return a diagonal of a matrix, or the matrix with a vector on a diagonal.

    Args:
        x: A vector or matrix.
        k: Which diagonal.
    """
    return torch.diag(tensor(x), k)


@op
def meshgrid(*x: Any, indexing: str = "xy") -> list[Tensor]:
    """Return the coordinates of a grid, one tensor an axis.

    Args:
        *x: Vectors.
        indexing: `"xy"` or `"ij"`.
    """
    return list(torch.meshgrid(*[tensor(v) for v in x], indexing=indexing))


def array(x: Any, dtype: Any = None) -> Tensor:
    """Return `x` as a tensor.

    Args:
        x: A number, nested list, array, tensor or variable.
        dtype: The dtype; that of `x` if not given.
    """
    made = tensor(x)
    return made if dtype is None else made.to(to_torch(dtype))
