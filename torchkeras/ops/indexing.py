"""Functions that choose values: by condition, by index, by order."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Return values of `x1` where a condition holds and of `x2` elsewhere.

    Args:
        condition: A boolean tensor.
        x1: A tensor or number; with neither, the indices where the condition holds.
        x2: A tensor or number.
    """
    test = tensor(condition).bool()
    if x1 is None and x2 is None:
        return torch.where(test)
    numbers = (bool, int, float)
    first = x1 if isinstance(x1, numbers) else tensor(x1)
    second = x2 if isinstance(x2, numbers) else tensor(x2)
    result = torch.where(test, first, second)
    both = isinstance(x1, numbers) and isinstance(x2, numbers)
    return result.to(tensor([x1, x2]).dtype) if both else result


@op
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return the slices at indices along an axis; negative indices count from the end.

    Args:
        x: A tensor.
        indices: Integer indices.
        axis: The axis; the flat tensor if not given.
    """
    value, places = tensor(x), tensor(indices).long()
    if axis is None:
        value, axis = value.reshape(-1), 0
    size = value.shape[axis]
    flat = torch.where(places < 0, places + size, places).reshape(-1)
    picked = value.index_select(axis, flat)
    axis %= value.dim()
    return picked.reshape(*value.shape[:axis], *places.shape, *value.shape[axis + 1 :])


@op
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return the values at indices along an axis, row by row.

    Args:
        x: A tensor.
        indices: Integer indices with as many axes as `x`.
        axis: The axis; the flat tensors if not given.
    """
    value, places = tensor(x), tensor(indices).long()
    if axis is None:
        return torch.take_along_dim(value.reshape(-1), places.reshape(-1), 0)
    return torch.take_along_dim(value, places, axis)


@op
def get_item(x: Any, key: Any) -> Tensor:
    """Return `x[key]`.

    Args:
        x: A tensor.
        key: An index, slice, ellipsis or tuple of them.
    """
    return tensor(x)[key]


@op
def nonzero(x: Any) -> Tensor:
    """Return the indices of the values that are not zero, as int32, one row an axis.

    Args:
        x: A tensor.
    """
    return torch.nonzero(tensor(x)).T.to(torch.int32)


@op
def sort(x: Any, axis: int = -1) -> Tensor:
    """Return the values in ascending order along an axis.

    Args:
        x: A tensor.
        axis: The axis.
    """
    return torch.sort(tensor(x), dim=axis).values


@op
def argsort(x: Any, axis: int = -1) -> Tensor:
    """Return the indices that sort the values along an axis, as int32.

    Args:
        x: A tensor.
        axis: The axis.
    """
    return torch.argsort(tensor(x), dim=axis, stable=True).to(torch.int32)


@op
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """Return the `k` largest values along the last axis, and where they are (int32).

    Args:
        x: A tensor.
        k: How many.
        sorted: Whether the largest comes first.
    """
    values, places = torch.topk(tensor(x), k, sorted=sorted)
    return values, places.to(torch.int32)


@op
def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """Say whether targets are among the `k` largest predictions.

    Args:
        targets: `(batch,)` class indices.
        predictions: `(batch, classes)` scores.
        k: How many.
    """
    scores, wanted = tensor(predictions), tensor(targets).long()
    score = scores.gather(1, wanted.unsqueeze(1))
    return torch.isfinite(score.squeeze(1)) & ((scores > score).sum(1) < k)


@op
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Tensor:
    """Return where values would be put into a sorted sequence, as int32.

    Args:
        sorted_sequence: A sorted vector.
        values: The values.
        side: `"left"` or `"right"` of equal ones.
    """
    places = torch.searchsorted(tensor(sorted_sequence), tensor(values), side=side)
    return places.to(to_torch("int32"))
