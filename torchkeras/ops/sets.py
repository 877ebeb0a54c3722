"""Functions that take tensors for sets of values."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras._symbolic.probe import probing

from .operands import counted, dim, promoted


@op
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Return, element by element, whether values of `x1` are among those of `x2`.

    Args:
        x1: A tensor.
        x2: The set.
        assume_unique: Whether no value is there twice, which is faster to work with.
        invert: Whether to say the opposite.

    Example:
        >>> from torchkeras import ops
        >>> ops.isin([1, 2, 3], [2, 4]).tolist()
        [False, True, False]
    """
    first, second = promoted(x1, x2)
    return torch.isin(counted(first), counted(second), assume_unique=assume_unique, invert=invert)


@op
def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Return each value once, and on request where it came from and how often it was there.

    Args:
        x: A tensor.
        sorted: Whether the values come in ascending order.
        return_index: Whether to return where each value is first.
        return_inverse: Whether to return which of the values each value of `x` is.
        return_counts: Whether to return how often each value is there.
        axis: The axis along which slices are compared; the flat tensor if not given.
        size: How many values to return: more are cut off, fewer are filled up.
        fill_value: What fills up the values; 0 if not given.

    Returns:
        The values, or a tuple of the values, indices, inverse and counts that were asked for.

    Example:
        >>> from torchkeras import ops
        >>> [part.tolist() for part in ops.unique([3, 1, 3], return_counts=True)]
        [[1, 3], [1, 2]]
    """
    value = tensor(x)
    along = None if axis is None else dim(axis, value.dim())
    values, inverse, counts = _unique(value, sorted, along, size)
    place = along or 0
    found = [_sized(values, place, size, 0 if fill_value is None else fill_value)]
    if return_index:
        found.append(_sized(_first_places(inverse, values.shape[place]), 0, size, 1))
    if return_inverse:
        found.append(inverse)
    if return_counts:
        found.append(_sized(counts, 0, size, 0))
    return found[0] if len(found) == 1 else tuple(found)


def _unique(
    value: Tensor, sorted: bool, along: int | None, size: int | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return values, inverse and counts; while a shape is tried, as many as will be returned."""
    if size is None or not probing():
        return torch.unique(value, sorted, True, True, along)
    flat = value.reshape(-1) if along is None else value
    places = torch.zeros(value.shape if along is None else value.shape[along], dtype=torch.long)
    zero = torch.zeros(size, dtype=torch.long, device=value.device)
    return flat.index_select(along or 0, zero), places.to(value.device), zero


def _first_places(inverse: Tensor, count: int) -> Tensor:
    """Return where each value is first, from the number of the value at each place."""
    flat = inverse.reshape(-1)
    places = torch.arange(flat.shape[0], device=flat.device)
    return flat.new_empty(count).scatter_reduce(0, flat, places, "amin", include_self=False)


def _sized(values: Tensor, axis: int, size: int | None, fill: Any) -> Tensor:
    """Cut values off, or fill them up, along an axis."""
    if size is None:
        return values
    missing = size - values.shape[axis]
    if missing <= 0:
        return values.narrow(axis, 0, size)
    return F.pad(values, (0, 0) * (values.dim() - 1 - axis) + (0, missing), value=fill)
