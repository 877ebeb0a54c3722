"""Means and variances, of the entries that count."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.settings import epsilon


def check_axis(axis: int, input_shape: Sequence[int | None], layer_name: str) -> None:
    """Raise a `ValueError` if an input of this shape has no such axis."""
    if not -len(input_shape) <= axis < len(input_shape):
        raise ValueError(
            f"`axis` of layer {layer_name!r} must be one of the input's {len(input_shape)} axes. "
            f"Received: axis={axis}, input_shape={tuple(input_shape)}."
        )


def axes_of(axis: Any) -> int | list[int]:
    """Return one axis as it came, or several as a list.

    Raises:
        TypeError: If it is neither an integer nor a list of integers.
    """
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    if not axes or any(isinstance(one, bool) or not isinstance(one, int) for one in axes):
        raise TypeError(
            f"`axis` must be an integer or a list of integers. Received: axis={axis!r}."
        )
    return list(axis) if isinstance(axis, (list, tuple)) else axis


def moments(x: Tensor, dims: list[int], mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance over some axes.

    Args:
        x: A tensor of floats.
        dims: The axes.
        mask: `True` where an entry counts, for all axes of `x` but the last; `None` if all do.
    """
    if mask is None:
        return x.mean(dims), x.var(dims, correction=0)
    counts = mask.bool().unsqueeze(-1).expand_as(x)
    number = counts.to(x.dtype).sum(dims, keepdim=True) + epsilon()
    mean = torch.where(counts, x, 0).sum(dims, keepdim=True) / number
    squares = torch.where(counts, x - mean, 0).square()
    variance = squares.sum(dims, keepdim=True) / number
    return mean.flatten(), variance.flatten()
