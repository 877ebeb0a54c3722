"""Making tensors: constants and matrices."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import beside, counted


def _sizes(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)


def _rows_and_columns(N: int, M: int | None) -> tuple[Tensor, Tensor]:
    """Return the numbers of the rows and of the columns of a matrix, to be compared."""
    for name, count in (("N", N), ("M", M)):
        if isinstance(count, (float, np.floating)) or _is_float(count):
            raise TypeError(f"`{name}` must be a whole number. Received: {name}={count!r}.")
    where = device.running()
    rows = torch.arange(N, device=where).unsqueeze(1)
    return rows, torch.arange(N if M is None else M, device=where)


def _is_float(x: Any) -> bool:
    return isinstance(x, Tensor) and x.is_floating_point()


def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of zeros.

    Args:
        shape: The shape.
        dtype: The dtype; `floatx()` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.zeros((2, 2)).tolist()
        [[0.0, 0.0], [0.0, 0.0]]
    """
    return torch.zeros(_sizes(shape), dtype=to_torch(dtype), device=device.running())


def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of ones.

    Args:
        shape: The shape.
        dtype: The dtype; `floatx()` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.ones((2, 2), dtype="int32").tolist()
        [[1, 1], [1, 1]]
    """
    return torch.ones(_sizes(shape), dtype=to_torch(dtype), device=device.running())


def empty(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor with whatever values its memory has.

    Args:
        shape: The shape.
        dtype: The dtype; `floatx()` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.empty((2, 3)).shape
        torch.Size([2, 3])
    """
    return torch.empty(_sizes(shape), dtype=to_torch(dtype), device=device.running())


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor filled with one value.

    Args:
        shape: The shape.
        fill_value: The value, or a tensor that broadcasts to the shape.
        dtype: The dtype; `floatx()` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.full((2, 2), 7.0).tolist()
        [[7.0, 7.0], [7.0, 7.0]]
    """
    return tensor(fill_value).to(device.running(), to_torch(dtype)).expand(_sizes(shape)).clone()


@op
def empty_like(x: Any, dtype: Any = None) -> Tensor:
    """Return a tensor in the shape of `x` with whatever values its memory has.

    Args:
        x: A tensor.
        dtype: The dtype; that of `x` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.empty_like([1, 2]).shape
        torch.Size([2])
    """
    return torch.empty_like(tensor(x), dtype=None if dtype is None else to_torch(dtype))


@op
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return one value in the shape of `x`.

    Args:
        x: A tensor.
        fill_value: The value, or a tensor that broadcasts to the shape.
        dtype: The dtype; that of `x` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.full_like([1, 2], 7).tolist()
        [7, 7]
    """
    like = tensor(x)
    wanted = like.dtype if dtype is None else to_torch(dtype)
    fill = beside(fill_value, like).to(like.device, wanted)
    return fill.broadcast_to(like.shape).clone()


@op
def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Return zeros in the shape of `x`.

    Args:
        x: A tensor.
        dtype: The dtype; that of `x` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.zeros_like([1, 2]).tolist()
        [0, 0]
    """
    return torch.zeros_like(tensor(x), dtype=None if dtype is None else to_torch(dtype))


@op
def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Return ones in the shape of `x`.

    Args:
        x: A tensor.
        dtype: The dtype; that of `x` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.ones_like([3, 2]).tolist()
        [1, 1]
    """
    return torch.ones_like(tensor(x), dtype=None if dtype is None else to_torch(dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return a matrix with ones on a diagonal.

    Args:
        N: The number of rows.
        M: The number of columns; `N` if not given.
        k: Which diagonal, 0 being the main one.
        dtype: The dtype; `floatx()` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.eye(2, 3, k=1, dtype="int32").tolist()
        [[0, 1, 0], [0, 0, 1]]
    """
    rows, columns = _rows_and_columns(N, M)
    return (columns - rows == (k or 0)).to(to_torch(dtype))


def identity(n: int, dtype: Any = None) -> Tensor:
    """Return the identity matrix.

    Args:
        n: The number of rows and columns.
        dtype: The dtype; `floatx()` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.identity(2, dtype="int32").tolist()
        [[1, 0], [0, 1]]
    """
    return torch.eye(n, dtype=to_torch(dtype), device=device.running())


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return a matrix with ones on and below a diagonal.

    Args:
        N: The number of rows.
        M: The number of columns; `N` if not given.
        k: Which diagonal, 0 being the main one.
        dtype: The dtype; `floatx()` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.tri(2, 3, dtype="int32").tolist()
        [[1, 0, 0], [1, 1, 0]]
    """
    rows, columns = _rows_and_columns(N, M)
    return (columns - rows <= k).to(to_torch(dtype))


@op
def tril(x: Any, k: int = 0) -> Tensor:
    """Return a tensor with zeros above a diagonal of its last two axes.

    Args:
        x: A tensor.
        k: Which diagonal.

    Example:
        >>> from torchkeras import ops
        >>> ops.tril([[1, 2], [3, 4]]).tolist()
        [[1, 0], [3, 4]]
    """
    return tensor(x).tril(k)


@op
def triu(x: Any, k: int = 0) -> Tensor:
    """Return a tensor with zeros below a diagonal of its last two axes.

    Args:
        x: A tensor.
        k: Which diagonal.

    Example:
        >>> from torchkeras import ops
        >>> ops.triu([[1, 2], [3, 4]]).tolist()
        [[1, 2], [0, 4]]
    """
    return tensor(x).triu(k)


@op
def diag(x: Any, k: int = 0) -> Tensor:
    """Return a diagonal of a matrix, or the matrix with a vector on a diagonal.

    Args:
        x: A vector or matrix.
        k: Which diagonal.

    Example:
        >>> from torchkeras import ops
        >>> ops.diag([1, 2]).tolist()
        [[1, 0], [0, 2]]
    """
    value = tensor(x)
    if value.dim() not in (1, 2):
        raise ValueError(f"`x` must be a vector or a matrix. Received: x={show(value)}.")
    return torch.diag(value, k)


@op
def diagflat(x: Any, k: int = 0) -> Tensor:
    """Return the matrix with the values of a tensor on a diagonal.

    Args:
        x: A tensor.
        k: Which diagonal.

    Example:
        >>> from torchkeras import ops
        >>> ops.diagflat([[1, 2]]).tolist()
        [[1, 0], [0, 2]]
    """
    return torch.diagflat(tensor(x), k)


@op
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the matrix whose columns are the powers of a vector.

    Args:
        x: A vector.
        N: How many columns; as many as there are rows if not given.
        increasing: Whether the powers rise from left to right.

    Example:
        >>> from torchkeras import ops
        >>> ops.vander([1, 2, 3]).tolist()
        [[1, 1, 1], [4, 2, 1], [9, 3, 1]]
    """
    value = tensor(x)
    if value.dim() != 1:
        raise ValueError(f"`x` must be a vector. Received: x={show(value)}.")
    powers = torch.arange(value.shape[0] if N is None else N, device=value.device)
    return torch.pow(counted(value).unsqueeze(1), powers if increasing else powers.flip(0)).to(
        value.dtype
    )


def array(x: Any, dtype: Any = None) -> Tensor:
    """Return `x` as a tensor.

    Args:
        x: A number, nested list, array, tensor or variable.
        dtype: The dtype; that of `x` if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.array([1, 2], dtype="float32").tolist()
        [1.0, 2.0]
    """
    made = tensor(x)
    return made if dtype is None else made.to(to_torch(dtype))
