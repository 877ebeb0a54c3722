"""Values between the places of a tensor, and what lies outside of it."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import one_of, show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

# One place on an axis: its index, whether it is inside, and how much it counts.
_Node = tuple[Tensor, Tensor | None, Any]


def _clipped(index: Tensor, size: int) -> Tensor:
    return index.clamp(0, size - 1)


def _mirrored(index: Tensor, size: int) -> Tensor:
    if size == 1:
        return torch.zeros_like(index)
    last = size - 1
    return ((index + last) % (2 * last) - last).abs()


def _reflected(index: Tensor, size: int) -> Tensor:
    return (_mirrored(2 * index + 1, 2 * size + 1) - 1) // 2


FILL_MODES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "constant": _clipped,
    "nearest": _clipped,
    "wrap": lambda index, size: index % size,
    "mirror": _mirrored,
    "reflect": _reflected,
}
ORDERS = {"nearest": 0, "bilinear": 1}


@op
def map_coordinates(
    inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Tensor:
    """Return the values of a tensor at any places, also between its own.

    Args:
        inputs: A tensor.
        coordinates: For each of its axes, where on it the values are taken.
        order: 0 for the nearest value, 1 for linear interpolation.
        fill_mode: What lies outside: `"constant"`, `"nearest"` (the edge), `"wrap"` (the tensor
            again), `"mirror"` or `"reflect"` (the tensor backwards, without or with the edge).
        fill_value: The constant.

    Returns:
        The shape of the coordinates of one axis, and the dtype of `inputs`.

    Raises:
        ValueError: If the number of coordinates is not that of axes.
        NotImplementedError: If `order` is above 1.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.image.map_coordinates([0.0, 10.0, 20.0], [[0.5, 1.75]], order=1)
        tensor([ 5.0000, 17.5000])
    """
    values = tensor(inputs)
    places = [tensor(c) for c in coordinates] if isinstance(coordinates, (tuple, list)) else None
    places = list(tensor(coordinates).unbind(0)) if places is None else places
    if len(places) != values.dim() or not places or places[0].dim() < 1:
        raise ValueError(
            "`coordinates` must hold a vector or more for each axis of `inputs`. Received: "
            f"{len(places)} of shape {tuple(places[0].shape) if places else ()}, "
            f"inputs={show(values)}."
        )
    if order not in (0, 1):
        raise NotImplementedError(f"`order` must be 0 or 1. Received: order={order}.")
    return sampled(values, [], places, order, fill_mode, fill_value)


def sampled(
    values: Tensor,
    leading: Sequence[Tensor],
    places: Sequence[Tensor],
    order: int,
    fill_mode: str,
    fill_value: Any,
) -> Tensor:
    """Return values at places on some axes, for whole slices of the axes that follow.

    Args:
        values: A tensor.
        leading: Indices on its first axes, which broadcast to the places.
        places: Where on the next axes.
        order: 0 for the nearest value, 1 for linear interpolation.
        fill_mode: A key of `FILL_MODES`.
        fill_value: What lies outside in the mode `"constant"`.
    """
    fix = FILL_MODES[one_of("fill_mode", fill_mode, FILL_MODES)]
    whole = not (values.is_floating_point() or values.is_complex())
    fill = int(fill_value) if whole and isinstance(fill_value, (int, float)) else fill_value
    sizes = values.shape[len(leading) :]
    nodes = [
        [_node(i, weight, size, fix, fill_mode == "constant") for i, weight in _around(x, order)]
        for x, size in zip(places, sizes, strict=False)
    ]
    behind = (None,) * (values.dim() - len(leading) - len(places))
    parts = [_part(values, leading, corner, behind, fill) for corner in itertools.product(*nodes)]
    result = torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]
    if whole and result.is_floating_point():
        result = result.round()
    return result.to(values.dtype)


def _around(place: Tensor, order: int) -> list[tuple[Tensor, Any]]:
    """Return the indices next to a place, and how much each of them counts."""
    if order == 0:
        return [((place.round() if place.is_floating_point() else place).long(), 1)]
    low = place.floor() if place.is_floating_point() else place
    share = place - low
    return [(low.long(), 1 - share), (low.long() + 1, share)]


def _node(
    index: Tensor, weight: Any, size: int, fix: Callable[[Tensor, int], Tensor], is_bounded: bool
) -> _Node:
    inside = (index >= 0) & (index < size) if is_bounded else None
    return fix(index, size), inside, weight


def _part(
    values: Tensor,
    leading: Sequence[Tensor],
    corner: Sequence[_Node],
    behind: tuple[None, ...],
    fill: Any,
) -> Tensor:
    """Return what one corner of the cells around the places contributes."""
    indices, inside, weights = zip(*corner, strict=True)
    taken = values[(*leading, *indices)]
    if inside[0] is not None:
        everywhere = inside[0]
        for more in inside[1:]:
            everywhere = everywhere & more
        taken = torch.where(everywhere[(..., *behind)], taken, fill)
    weight = math.prod(weights)
    return taken * (weight[(..., *behind)] if isinstance(weight, Tensor) else weight)
