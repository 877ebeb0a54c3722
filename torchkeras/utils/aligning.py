"""Which outputs of plain torch belong to which layers: in order, by shape and closeness."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .recording import Array, Output

_SAMPLE = 4096
_ALONE = 1.5  # dearer than any pair, so that layers stay alone only for want of a partner
_REORDERING = ("Flatten", "Reshape", "Permute")
_KEEPING_ORDER = ("Dropout", "Activation", "ReLU", "LeakyReLU", "ELU", "BatchNormalization")


def align(ours: list[Output], theirs: list[Output]) -> list[tuple[Output, Output | None]]:
    """Return our outputs with their partners, which come in the same order.

    Args:
        ours: The outputs of a model's layers.
        theirs: Those of the modules of plain torch, of which there may be more.
    """
    finals = [output for output in ours if output.name.startswith("(outputs")]
    compared = list(_comparable(ours))
    inner = compared[: len(compared) - len(finals)]
    last = [output for output in theirs if output.name.startswith("(outputs")]
    partners = dict(zip(map(id, inner), _aligned(inner, theirs[: -len(last)]), strict=True))
    partners |= dict(zip(map(id, finals), [*last, *[None] * len(finals)], strict=False))
    return [(output, partners.get(id(output))) for output in ours]


def _comparable(ours: list[Output]) -> Iterator[Output]:
    """Yield the outputs whose numbers come in an order that torch has too."""
    reordered = False
    for output in ours:
        reordered = output.kind in (_REORDERING + _KEEPING_ORDER * reordered)
        if not reordered:
            yield output


def _aligned(ours: list[Output], theirs: list[Output]) -> list[Output | None]:
    """Return the partners with the smallest differences together."""
    costs = np.full((len(ours), len(theirs)), np.inf)
    for i, mine in enumerate(ours):
        for j, other in enumerate(theirs):
            costs[i, j] = _cost(mine.value, other.value)
    best = np.zeros((len(ours) + 1, len(theirs) + 1))
    best[:, 0] = np.arange(len(ours) + 1) * _ALONE
    for i in range(1, len(ours) + 1):
        for j in range(1, len(theirs) + 1):
            best[i, j] = min(
                best[i, j - 1], best[i - 1, j] + _ALONE, best[i - 1, j - 1] + costs[i - 1, j - 1]
            )
    return _walked_back(best, costs, theirs)


def _walked_back(best: Any, costs: Any, theirs: list[Output]) -> list[Output | None]:
    i, j = len(costs), len(theirs)
    found: list[Output | None] = [None] * i
    while i and j:
        if best[i, j] == best[i - 1, j - 1] + costs[i - 1, j - 1]:
            found[i - 1] = theirs[j - 1]
            i, j = i - 1, j - 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i -= 1
    return found


def _cost(mine: Array, other: Array) -> float:
    """Return how unlike two outputs are, from 0 to 1; infinite if their shapes do not fit."""
    value = as_like(other, mine.shape)
    if value is None:
        return np.inf
    step = max(1, mine.size // _SAMPLE)
    a, b = mine.ravel()[::step].astype("float64"), value.ravel()[::step].astype("float64")
    apart, scale = np.abs(a - b).mean() if a.size else 0.0, np.abs(a).mean() if a.size else 0.0
    return float(apart / (apart + scale)) if apart else 0.0


def as_like(value: Array, shape: tuple[int, ...]) -> Array | None:
    """Return an output in another shape, with its channels moved last if that fits.

    Args:
        value: The output.
        shape: The shape.
    """
    if value.shape == shape:
        return value
    if value.ndim == len(shape) > 2:
        moved = np.moveaxis(value, 1, -1)
        return moved if moved.shape == shape else None
    return None
