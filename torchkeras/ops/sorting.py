"""Functions that order values, and find places in an order."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import one_of, show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import beside, dim, promoted
from .reduction import ordered


@op
def sort(x: Any, axis: int | None = -1) -> Tensor:
    """Return the values in ascending order along an axis.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor for `None`.

    Example:
        >>> from torchkeras import ops
        >>> ops.sort([3, 1, 2]).tolist()
        [1, 2, 3]
    """
    value, along = _along(tensor(x), axis)
    return torch.sort(ordered(value), dim=along).values.to(value.dtype)


@op
def argsort(x: Any, axis: int | None = -1) -> Tensor:
    """Return the indices that sort the values along an axis, as int32; equal ones keep their order.

    Args:
        x: A tensor.
        axis: The axis; the flat tensor for `None`.

    Example:
        >>> from torchkeras import ops
        >>> ops.argsort([3, 1, 2]).tolist()
        [1, 2, 0]
    """
    value, along = _along(tensor(x), axis)
    return torch.argsort(ordered(value), dim=along, stable=True).to(torch.int32)


@op
def argpartition(x: Any, kth: int, axis: int | None = -1) -> Tensor:
    """Return indices, as int32, that put the `kth` value in its place and none smaller after it.

    Args:
        x: A tensor.
        kth: Which value along the axis, from 0; below 0 from the end.
        axis: The axis; the flat tensor for `None`.

    Raises:
        ValueError: If there is no such value.

    Example:
        >>> from torchkeras import ops
        >>> ops.argpartition([3, 1, 2], 1).tolist()
        [1, 2, 0]
    """
    value, along = _along(tensor(x), axis)
    size = value.shape[along]
    if not -size <= kth < size:
        raise ValueError(
            f"`kth` must be from {-size} to {size - 1} for {size} values. Received: kth={kth}."
        )
    return argsort(value, along)


@op
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """Return the `k` largest values along the last axis, and where they are (int32).

    Args:
        x: A tensor.
        k: How many.
        sorted: Whether the largest comes first.

    Example:
        >>> from torchkeras import ops
        >>> [part.tolist() for part in ops.top_k([3, 1, 2], 2)]
        [[3, 2], [0, 2]]
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

    Example:
        >>> from torchkeras import ops
        >>> ops.in_top_k([0, 1], [[0.9, 0.1], [0.8, 0.2]], k=1).tolist()
        [True, False]
    """
    scores = tensor(predictions)
    wanted = beside(targets, scores).long()
    score = scores.gather(1, wanted.unsqueeze(1))
    return torch.isfinite(score.squeeze(1)) & ((scores > score).sum(1) < k)


@op
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Tensor:
    """Return where values would be put into a sorted sequence, as int32.

    Args:
        sorted_sequence: A sorted vector.
        values: The values.
        side: `"left"` or `"right"` of equal ones.

    Raises:
        ValueError: If the sequence is no vector.

    Example:
        >>> from torchkeras import ops
        >>> ops.searchsorted([1, 3, 5], [0, 3, 9]).tolist()
        [0, 1, 3]
    """
    one_of("side", side, ("left", "right"))
    sequence, wanted = promoted(sorted_sequence, values)
    if sequence.dim() != 1:
        raise ValueError(
            f"`sorted_sequence` must be a vector. Received: sorted_sequence={show(sequence)}. Use "
            "`ops.vectorized_map` for one in each row."
        )
    return torch.searchsorted(ordered(sequence), ordered(wanted), side=side, out_int32=True)


def _along(value: Tensor, axis: int | None) -> tuple[Tensor, int]:
    """Return a tensor and one of its axes: the flat one for `None`."""
    return (value.reshape(-1), 0) if axis is None else (value, dim(axis, value.dim()))
