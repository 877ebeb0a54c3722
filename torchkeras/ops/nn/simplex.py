"""Activations that turn the numbers along an axis into shares of one."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._state.logits import noted
from torchkeras._symbolic.op import op

Axis = int | Sequence[int] | None


@op
def softmax(x: Any, axis: Axis = -1) -> Tensor:
    """Return `exp(x) / Σ exp(x)`.

    Args:
        x: A tensor.
        axis: The axis, or axes, over which the result sums to one; `None` for all.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.softmax([1.0, 1.0, 1.0, 1.0])
        tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    x = tensor(x)
    if not isinstance(axis, int):
        return _over(torch.softmax, x, axis)
    if x.ndim and x.size(axis) == 1:
        warnings.warn(
            f"The softmax is taken over axis {axis} of a tensor of shape {tuple(x.shape)}. That "
            "axis has size 1, so every result is 1. Did you mean a sigmoid?",
            stacklevel=3,
        )
    return noted(torch.softmax(x, axis), x, "softmax", axis)


@op
def log_softmax(x: Any, axis: Axis = -1) -> Tensor:
    """Return `x - log(Σ exp(x))`.

    Args:
        x: A tensor.
        axis: The axis, or axes, over which the exponentials of the result sum to one; `None` for
            all.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.log_softmax([1.0, 1.0])
        tensor([-0.6931, -0.6931])
    """
    x = tensor(x)
    return (
        torch.log_softmax(x, axis) if isinstance(axis, int) else _over(torch.log_softmax, x, axis)
    )


def _over(
    function: Callable[[Tensor, int], Tensor], x: Tensor, axis: Sequence[int] | None
) -> Tensor:
    """Apply a function of one axis to several axes, as if they were one."""
    dims = tuple(range(x.ndim)) if axis is None else tuple(axis)
    last = tuple(range(-len(dims), 0))
    moved = x.movedim(dims, last)
    flat = moved.flatten(-len(dims)) if dims else moved.unsqueeze(-1)
    return function(flat, -1).reshape(moved.shape).movedim(last, dims)


@op
def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """Return `max(x - τ, 0)`, where τ makes small numbers zero.

    Args:
        x: A tensor.
        axis: The axis.

    Source:
        Martins and Astudillo 2016, https://arxiv.org/abs/1602.02068, as Keras computes it: where
        more than one number stays above zero, Keras's τ is greater than the paper's, so the result
        sums to less than one.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.sparsemax([3.0, 1.0, 0.2])
        tensor([1., 0., 0.])
    """
    x = tensor(x)
    descending = x.sort(dim=axis, descending=True).values
    sums = descending.cumsum(axis)
    shape = [1] * x.ndim
    shape[axis] = -1
    counts = torch.arange(1, x.shape[axis] + 1, dtype=x.dtype, device=x.device).reshape(shape)
    kept = descending - (sums - 1) / counts > 0
    tau = ((sums * kept).sum(axis, keepdim=True) - 1) / kept.sum(axis, keepdim=True)
    return torch.relu(x - tau)
