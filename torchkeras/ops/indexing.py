"""Functions that choose values: by condition and by index."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import beside, dim, pair


@op
def where(condition: Any, x1: Any = None, x2: Any = None) -> Tensor:
    """Return values of `x1` where a condition holds and of `x2` elsewhere.

    Args:
        condition: A boolean tensor.
        x1: A tensor or number; with neither, the indices where the condition holds, one row an
            axis.
        x2: A tensor or number.

    Raises:
        ValueError: If only one of `x1` and `x2` is given.

    Example:
        >>> from torchkeras import ops
        >>> ops.where([True, False], [1, 2], 0).tolist()
        [1, 0]
    """
    test = tensor(condition).bool()
    if x1 is None and x2 is None:
        return torch.nonzero(test).T
    if x1 is None or x2 is None:
        raise ValueError(
            "`x1` and `x2` must be given both, or neither for the indices where `condition` holds. "
            f"Received: x1={show(x1)}, x2={show(x2)}."
        )
    return torch.where(test, *pair(x1, x2))


@op
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    """Return, element by element, the choice whose condition is the first that holds.

    Args:
        condlist: Boolean tensors.
        choicelist: As many tensors.
        default: The value where no condition holds.

    Raises:
        ValueError: If these are not lists of one length.

    Example:
        >>> from torchkeras import ops
        >>> ops.select([[True, False], [True, True]], [[1, 2], [3, 4]]).tolist()
        [1, 4]
    """
    lists = isinstance(condlist, (list, tuple)) and isinstance(choicelist, (list, tuple))
    if not lists or not condlist or len(condlist) != len(choicelist):
        raise ValueError(
            "`condlist` and `choicelist` must be lists of one length, at least 1. Received: "
            f"condlist={show(condlist)}, choicelist={show(choicelist)}."
        )
    choices = [tensor(choice) for choice in choicelist]
    result = beside(default, choices[0])
    for condition, choice in zip(reversed(condlist), reversed(choices), strict=True):
        result = torch.where(beside(condition, choice).bool(), choice, result)
    return result


@op
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return the slices at indices along an axis; negative indices count from the end.

    Args:
        x: A tensor.
        indices: Whole numbers.
        axis: The axis; the flat tensor if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.take([[1, 2], [3, 4]], [1, -1], axis=1).tolist()
        [[2, 2], [4, 4]]
    """
    value = tensor(x)
    if axis is None:
        value, axis = value.reshape(-1), 0
    axis = dim(axis, value.dim())
    places = _from_zero(beside(indices, value), value.shape[axis], value)
    picked = value.index_select(axis, places.reshape(-1))
    return picked.reshape((*value.shape[:axis], *places.shape, *value.shape[axis + 1 :]))


@op
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return the values at indices along an axis, row by row; negative ones count from the end.

    Args:
        x: A tensor.
        indices: Whole numbers, with as many axes as `x`.
        axis: The axis; the flat tensors if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.take_along_axis([[1, 2], [3, 4]], [[1], [0]], axis=1).tolist()
        [[2], [3]]
    """
    value = tensor(x)
    places = beside(indices, value)
    if axis is None:
        value, places, axis = value.reshape(-1), places.reshape(-1), 0
    axis = dim(axis, value.dim())
    return torch.take_along_dim(value, _from_zero(places, value.shape[axis], value), axis)


@op
def get_item(x: Any, key: Any) -> Tensor:
    """Return `x[key]`.

    Args:
        x: A tensor.
        key: An index, slice, ellipsis or tuple of them.

    Example:
        >>> from torchkeras import ops
        >>> ops.get_item([[1, 2], [3, 4]], (0, -1)).item()
        2
    """
    return tensor(x)[key]


@op
def nonzero(x: Any) -> Tensor:
    """Return the indices of the values that are not zero, as int32, one row an axis.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.nonzero([0, 3, 4]).tolist()
        [[1, 2]]
    """
    return torch.nonzero(tensor(x)).T.to(torch.int32)


@op
def unravel_index(indices: Any, shape: Sequence[int]) -> tuple[Tensor, ...]:
    """Return indices into a flat tensor as indices into a shape, one tensor an axis.

    Args:
        indices: Whole numbers.
        shape: The shape.

    Example:
        >>> from torchkeras import ops
        >>> [place.tolist() for place in ops.unravel_index([1, 5], (2, 3))]
        [[0, 1], [1, 2]]
    """
    places = tensor(indices)
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    return tuple(place.to(places.dtype) for place in torch.unravel_index(places, sizes))


@op
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return a diagonal of the matrices over two axes, as a new last axis.

    Args:
        x: A tensor.
        offset: Which diagonal, 0 being the main one.
        axis1: The axis of the rows.
        axis2: The axis of the columns.

    Example:
        >>> from torchkeras import ops
        >>> ops.diagonal([[1, 2], [3, 4]]).tolist()
        [1, 4]
    """
    value = tensor(x)
    if value.dim() < 2:
        raise ValueError(f"`x` must have at least two axes. Received: x={show(value)}.")
    first, second = dim(axis1, value.dim(), "axis1"), dim(axis2, value.dim(), "axis2")
    if first == second:
        raise ValueError(
            f"`axis1` and `axis2` must differ. Received: axis1={axis1}, axis2={axis2}."
        )
    return torch.diagonal(value, offset, first, second)


def _from_zero(indices: Tensor, size: int, like: Tensor) -> Tensor:
    """Return indices that all count from the beginning."""
    places = indices.to(like.device, torch.long)
    return torch.where(places < 0, places + size, places)
