"""Products of tensors: matrix products, inner products and sums over indices."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import alike, counted, dim, inexact, pair, promoted


@op
def matmul(x1: Any, x2: Any) -> Tensor:
    """Return the matrix product over the last two axes.

    Args:
        x1: A tensor.
        x2: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.matmul([[1, 2]], [[3], [4]]).tolist()
        [[11]]
    """
    first, second = pair(x1, x2)
    if first.dtype is second.dtype is torch.int8:  # their sums seldom fit
        first, second = first.to(torch.int32), second.to(torch.int32)
    return _multiplied(torch.matmul, *promoted(first, second))


@op
def dot(x1: Any, x2: Any) -> Tensor:
    """Return the product over the last axis of `x1` and the last but one of `x2`.

    Args:
        x1: A tensor.
        x2: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.dot([1, 2], [3, 4]).item()
        11
    """
    first, second = promoted(x1, x2)
    if not (first.dim() and second.dim()):
        return first * second
    axes = ([-1], [-2 if second.dim() > 1 else -1])
    return _multiplied(lambda a, b: torch.tensordot(a, b, axes), first, second)


@op
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Tensor:
    """Return the product summed over pairs of axes.

    Args:
        x1: A tensor.
        x2: A tensor.
        axes: How many axes (last of `x1`, first of `x2`), or two lists of axes.

    Example:
        >>> from torchkeras import ops
        >>> ops.tensordot([[1, 2]], [[3, 4]], axes=(1, 1)).tolist()
        [[11]]
    """
    if not isinstance(axes, int):
        axes = [[a] if isinstance(a, int) else list(a) for a in axes]
    return _multiplied(lambda a, b: torch.tensordot(a, b, dims=axes), *promoted(x1, x2))


@op
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Tensor:
    """Return the sum of products that Einstein's notation names.

    Args:
        subscripts: Such as `"ij,jk->ik"`.
        *operands: The tensors.
        **kwargs: Kept for NumPy's signature.

    Example:
        >>> from torchkeras import ops
        >>> ops.einsum("ij,j->i", [[1, 2], [3, 4]], [1, 1]).tolist()
        [3, 7]
    """
    values = alike(*operands)
    if all(tensor(x).dtype is torch.int8 for x in operands):  # their sums seldom fit
        values = [value.to(torch.int32) for value in values]
    return _multiplied(lambda *xs: torch.einsum(subscripts, *xs), *values)


@op
def outer(x1: Any, x2: Any) -> Tensor:
    """Return the outer product of the flat tensors.

    Args:
        x1: A tensor.
        x2: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.outer([1, 2], [3, 4]).tolist()
        [[3, 4], [6, 8]]
    """
    first, second = pair(x1, x2)
    return torch.outer(first.reshape(-1), second.reshape(-1))


@op
def inner(x1: Any, x2: Any) -> Tensor:
    """Return the product over the last axes.

    Args:
        x1: A tensor.
        x2: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.inner([1, 2], [3, 4]).item()
        11
    """
    return _multiplied(torch.inner, *promoted(x1, x2))


@op
def vdot(x1: Any, x2: Any) -> Tensor:
    """Return the inner product of the flat tensors, the first one conjugated.

    Args:
        x1: A tensor.
        x2: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.vdot([1, 2], [3, 4]).item()
        11
    """
    first, second = promoted(x1, x2)
    return _multiplied(torch.vdot, first.reshape(-1), second.reshape(-1))


@op
def kron(x1: Any, x2: Any) -> Tensor:
    """Return the Kronecker product: `x2` multiplied by each value of `x1`, in its place.

    Args:
        x1: A tensor.
        x2: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.kron([1, 2], [1, 10]).tolist()
        [1, 10, 2, 20]
    """
    return torch.kron(*promoted(x1, x2))


@op
def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Tensor:
    """Return the cross product of vectors of two or three values.

    Args:
        x1: A tensor of vectors.
        x2: A tensor of vectors.
        axisa: The axis of the vectors of `x1`.
        axisb: The axis of the vectors of `x2`.
        axisc: The axis of the vectors of the result; of two vectors of two values there is one
            number, and no axis.
        axis: Stands for all three, if given.

    Raises:
        ValueError: If the vectors have another length.

    Example:
        >>> from torchkeras import ops
        >>> ops.cross([1, 0, 0], [0, 1, 0]).tolist()
        [0, 0, 1]
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    first, second = promoted(x1, x2)
    first = first.movedim(dim(axisa, first.dim(), "axisa"), -1)
    second = second.movedim(dim(axisb, second.dim(), "axisb"), -1)
    sizes = first.shape[-1], second.shape[-1]
    if not set(sizes) <= {2, 3}:
        raise ValueError(
            "The vectors of `x1` and `x2` must have two or three values. Received: "
            f"x1={show(first)}, x2={show(second)}, with the vectors in the last axis."
        )
    if sizes == (2, 2):
        return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    first, second = _in_space(first), _in_space(second)
    rank = max(first.dim(), second.dim())
    result = torch.linalg.cross(_of_rank(first, rank), _of_rank(second, rank))
    return result.movedim(-1, dim(axisc, result.dim(), "axisc"))


@op
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the sum of a diagonal.

    Args:
        x: A tensor.
        offset: Which diagonal, 0 being the main one.
        axis1: The axis of the rows.
        axis2: The axis of the columns.

    Example:
        >>> from torchkeras import ops
        >>> ops.trace([[1, 2], [3, 4]]).item()
        5
    """
    value = tensor(x)
    small = value.dtype in (torch.bool, torch.int8, torch.int16, torch.uint8)
    wanted = torch.int32 if small else value.dtype
    return torch.diagonal(value, offset, axis1, axis2).sum(-1, dtype=wanted)


@op
def slogdet(x: Any) -> tuple[Tensor, Tensor]:
    """Return the sign of the determinants of matrices, and the logarithm of their absolute value.

    Args:
        x: A tensor of square matrices.

    Example:
        >>> from torchkeras import ops
        >>> [part.item() for part in ops.slogdet([[1.0, 0.0], [0.0, -1.0]])]
        [-1.0, 0.0]
    """
    sign, logarithm = torch.linalg.slogdet(inexact(x))
    return sign, logarithm


def _in_space(vectors: Tensor) -> Tensor:
    """Return vectors with three values, the third one 0 if it is not there."""
    if vectors.shape[-1] == 3:
        return vectors
    return torch.cat((vectors, torch.zeros_like(vectors[..., :1])), dim=-1)


def _of_rank(x: Tensor, rank: int) -> Tensor:
    """Return a tensor with new first axes, which torch's product does not add by itself."""
    return x.reshape(*[1] * (rank - x.dim()), *x.shape)


def _multiplied(function: Callable[..., Tensor], *xs: Tensor) -> Tensor:
    """Multiply tensors of one dtype; torch multiplies no booleans, and floats only on a GPU."""
    dtype = xs[0].dtype
    if dtype.is_floating_point or dtype.is_complex:
        return function(*xs)
    if dtype is torch.bool:
        return _multiplied(function, *(counted(x) for x in xs)).bool()
    if all(x.device.type in ("cpu", "meta") for x in xs):
        return function(*xs)
    wide = torch.float32 if xs[0].device.type == "mps" else torch.float64
    return function(*(x.to(wide) for x in xs)).round().to(dtype)
