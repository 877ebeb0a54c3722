"""Products of tensors: matrix products, inner products and sums over indices."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


def _pair(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    first, second = tensor(x1), tensor(x2)
    wanted = torch.promote_types(first.dtype, second.dtype)
    return first.to(wanted), second.to(wanted)


@op
def matmul(x1: Any, x2: Any) -> Tensor:
    """Return the matrix product over the last two axes.

    Args:
        x1: A tensor.
        x2: A tensor.
    """
    return torch.matmul(*_pair(x1, x2))


@op
def dot(x1: Any, x2: Any) -> Tensor:
    """Return the product over the last axis of `x1` and the last but one of `x2`.

    Args:
        x1: A tensor.
        x2: A tensor.
    """
    first, second = _pair(x1, x2)
    if not (first.dim() and second.dim()):
        return first * second
    return torch.tensordot(first, second, ([-1], [-2 if second.dim() > 1 else -1]))


@op
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Tensor:
    """Return the product summed over pairs of axes.

    Args:
        x1: A tensor.
        x2: A tensor.
        axes: How many axes (last of `x1`, first of `x2`), or two lists of axes.
    """
    if not isinstance(axes, int):
        axes = [[a] if isinstance(a, int) else list(a) for a in axes]
    return torch.tensordot(*_pair(x1, x2), dims=axes)


@op
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Tensor:
    """Return the sum of products that Einstein's notation names.

    Args:
        subscripts: Such as `"ij,jk->ik"`.
        *operands: The tensors.
        **kwargs: Kept for NumPy's signature.
    """
    return torch.einsum(subscripts, *[tensor(x) for x in operands])


@op
def outer(x1: Any, x2: Any) -> Tensor:
    """Return the outer product of the flat tensors.

    Args:
        x1: A tensor.
        x2: A tensor.
    """
    first, second = _pair(x1, x2)
    return torch.outer(first.reshape(-1), second.reshape(-1))


@op
def inner(x1: Any, x2: Any) -> Tensor:
    """Return the product over the last axes.

    Args:
        x1: A tensor.
        x2: A tensor.
    """
    return torch.inner(*_pair(x1, x2))


@op
def vdot(x1: Any, x2: Any) -> Tensor:
    """Return the inner product of the flat tensors.

    Args:
        x1: A tensor.
        x2: A tensor.
    """
    first, second = _pair(x1, x2)
    return torch.sum(first.conj().reshape(-1) * second.reshape(-1))


@op
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the sum along a diagonal of two axes.

    Args:
        x: A tensor.
        offset: Which diagonal.
        axis1: One axis.
        axis2: The other.
    """
    diagonal = torch.diagonal(tensor(x), offset, axis1, axis2)
    whole = not diagonal.is_floating_point() and not diagonal.is_complex()
    small = whole and diagonal.dtype is not torch.int64
    return diagonal.sum(-1, dtype=torch.int32 if small else None)
