"""Values added around a tensor."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from torchkeras._base.messages import one_of
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """Return the tensor with values added around it.

    Args:
        x: A tensor.
        pad_width: `(before, after)` for each axis, for all, or one number.
        mode: `"constant"`; `"edge"` for the outermost value; `"reflect"` and `"symmetric"` for the
            mirrored tensor without and with its outermost value; `"wrap"` for the other end.
        constant_values: What is added in constant mode; 0 if not given.

    Raises:
        ValueError: If there is a `constant_values` in another mode, or the widths do not fit.

    Example:
        >>> from torchkeras import ops
        >>> ops.pad([1, 2, 3], 2, mode="reflect").tolist()
        [3, 2, 1, 2, 3, 2, 1]
    """
    value = tensor(x)
    widths = _widths(pad_width, value.dim())
    if mode == "constant":
        flat = [n for width in reversed(widths) for n in width]
        return F.pad(value, flat, value=0 if constant_values is None else constant_values)
    one_of("mode", mode, ("constant", *_PLACES))
    if constant_values is not None:
        raise ValueError(
            "`constant_values` may only be given in the mode 'constant'. Received: "
            f"mode={mode!r}, constant_values={constant_values!r}."
        )
    for axis, (before, after) in enumerate(widths):
        if before or after:
            size = value.shape[axis]
            wanted = torch.arange(-before, size + after, device=value.device)
            value = value.index_select(axis, _PLACES[mode](wanted, size))
    return value


def _edge(wanted: Tensor, size: int) -> Tensor:
    return wanted.clip(0, size - 1)


def _reflect(wanted: Tensor, size: int) -> Tensor:
    around = wanted % max(2 * size - 2, 1)
    return torch.minimum(around, 2 * size - 2 - around)


def _symmetric(wanted: Tensor, size: int) -> Tensor:
    around = wanted % (2 * size)
    return torch.minimum(around, 2 * size - 1 - around)


def _wrap(wanted: Tensor, size: int) -> Tensor:
    return wanted % size


# Where the value comes from that lies at each place, which may be outside. The last two names are
# torch's.
_PLACES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "reflect": _reflect,
    "symmetric": _symmetric,
    "edge": _edge,
    "wrap": _wrap,
    "replicate": _edge,
    "circular": _wrap,
}


def _widths(pad_width: Any, rank: int) -> list[tuple[int, int]]:
    """Return `(before, after)` for each axis."""
    pairs = [pad_width] if hasattr(pad_width, "__index__") else list(pad_width)
    if len(pairs) in (1, 2) and all(hasattr(n, "__index__") for n in pairs):
        pairs = [pairs]
    both = [_pair(pair) for pair in (pairs * rank if len(pairs) == 1 else pairs)]
    if len(both) != rank or any(width is None for width in both):
        raise ValueError(
            f"`pad_width` must be a number, a pair or {rank} pairs `(before, after)` of numbers "
            f"from 0. Received: pad_width={pad_width!r}."
        )
    return [width for width in both if width is not None]


def _pair(width: Any) -> tuple[int, int] | None:
    sizes: Sequence[Any] = [width] if hasattr(width, "__index__") else list(width)
    if len(sizes) not in (1, 2) or not all(hasattr(n, "__index__") for n in sizes):
        return None
    before, after = (int(sizes[0]), int(sizes[-1]))
    return (before, after) if min(before, after) >= 0 else None
