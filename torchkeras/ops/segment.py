"""Reductions of the rows that belong together."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def segment_sum(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Return the sum of the rows of each segment.

    Args:
        data: `(n, ...)`.
        segment_ids: `(n,)`, to which segment each row belongs; rows of none, below 0 or beyond the
            last one, are left out.
        num_segments: How many segments there are; found from the ids if not given, which waits for
            the device.
        sorted: Whether the ids are sorted; makes no difference on torch.

    Returns:
        `(num_segments, ...)`; 0 where a segment has no rows.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.segment_sum([1, 2, 3], [0, 0, 1], num_segments=2)
        tensor([3, 3], dtype=torch.int32)
    """
    return _reduced(data, segment_ids, num_segments, "sum")


@op
def segment_max(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Return the maximum of the rows of each segment.

    Args:
        data: `(n, ...)`.
        segment_ids: `(n,)`, to which segment each row belongs; rows of none are left out.
        num_segments: How many segments there are; found from the ids if not given.
        sorted: Whether the ids are sorted; makes no difference on torch.

    Returns:
        `(num_segments, ...)`; the lowest number there is where a segment has no rows.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.segment_max([1, 2, 3], [0, 0, 1], num_segments=2)
        tensor([2, 3], dtype=torch.int32)
    """
    return _reduced(data, segment_ids, num_segments, "amax")


@op
def segment_min(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Return the minimum of the rows of each segment.

    Args:
        data: `(n, ...)`.
        segment_ids: `(n,)`, to which segment each row belongs; rows of none are left out.
        num_segments: How many segments there are; found from the ids if not given.
        sorted: Whether the ids are sorted; makes no difference on torch.

    Returns:
        `(num_segments, ...)`; the greatest number there is where a segment has no rows.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.segment_min([1, 2, 3], [0, 0, 1], num_segments=2)
        tensor([1, 3], dtype=torch.int32)
    """
    return _reduced(data, segment_ids, num_segments, "amin")


@op
def segment_prod(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Return the product of the rows of each segment.

    Args:
        data: `(n, ...)`.
        segment_ids: `(n,)`, to which segment each row belongs; rows of none are left out.
        num_segments: How many segments there are; found from the ids if not given.
        sorted: Whether the ids are sorted; makes no difference on torch.

    Returns:
        `(num_segments, ...)`; 1 where a segment has no rows.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.segment_prod([1, 2, 3], [0, 0, 1], num_segments=2)
        tensor([2, 3], dtype=torch.int32)
    """
    return _reduced(data, segment_ids, num_segments, "prod")


def _reduced(data: Any, segment_ids: Any, num_segments: int | None, how: str) -> Tensor:
    values, ids = tensor(data), tensor(segment_ids).long()
    if ids.dim() != 1 or not values.dim() or ids.shape[0] != values.shape[0]:
        raise ValueError(
            "`segment_ids` must be a vector with one number for each row of `data`. Received: "
            f"segment_ids={show(ids)}, data={show(values)}."
        )
    count = int(ids.max()) + 1 if num_segments is None else num_segments
    # Rows of no segment go into one more, which is cut off.
    ids = torch.where((ids >= 0) & (ids < count), ids, count)
    start = torch.full(
        (count + 1, *values.shape[1:]),
        _neutral(how, values.dtype),
        dtype=values.dtype,
        device=values.device,
    )
    places = ids.reshape(-1, *[1] * (values.dim() - 1)).expand_as(values)
    return start.scatter_reduce(0, places, values, how)[:-1]


def _neutral(how: str, dtype: torch.dtype) -> float:
    if how in ("sum", "prod"):
        return 0 if how == "sum" else 1
    if dtype.is_floating_point:
        return float("-inf") if how == "amax" else float("inf")
    limits = torch.iinfo(dtype)
    return limits.min if how == "amax" else limits.max
