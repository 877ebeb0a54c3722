"""Matrices: what a function of them is given, distances of their rows, determinants."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._symbolic.op import op

from .operands import alike, inexact


def matrix_of(x: Any, name: str = "x", *, square: bool = False) -> Tensor:
    """Return a tensor of matrices of floats, or say that the argument `name` holds none."""
    value = inexact(x)
    if value.dim() < 2 or (square and value.shape[-1] != value.shape[-2]):
        kind = "square matrices" if square else "matrices"
        raise ValueError(
            f"`{name}` must hold {kind} in its last two axes. Received: {name}={show(value)}."
        )
    return value


@op
def cdist(x: Any, y: Any) -> Tensor:
    """Return the Euclidean distances between all points of two sets.

    Args:
        x: `(..., n, size)`.
        y: `(..., m, size)`.

    Returns:
        `(..., n, m)`.

    Raises:
        ValueError: If the shapes do not go together.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]])
        tensor([[5., 1.]])
    """
    first, second = alike(inexact(x), inexact(y))
    if min(first.dim(), second.dim()) < 2 or first.shape[-1] != second.shape[-1]:
        raise ValueError(
            "`x` and `y` must hold points of one size in their last two axes. Received: "
            f"x={show(first)}, y={show(second)}."
        )
    return torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")


@op
def logdet(x: Any) -> Tensor:
    """Return logarithms of determinants; NaN for negative ones.

    Args:
        x: `(..., n, n)`.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.logdet([[1.0, 0.0], [0.0, 1.0]])
        tensor(0.)
    """
    return torch.logdet(matrix_of(x, square=True))
