"""Axes rearranged as a pattern says."""

import math
import re
from typing import Any

from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.convert import tensor as as_tensor
from torchkeras._symbolic.op import op

Group = list[str]
_TOKEN = re.compile(r"\(([^()]*)\)|(\w+)|(\S)")


@op
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Tensor:
    """Return a tensor with its axes split, reordered and merged as a pattern says.

    Args:
        tensor: A tensor.
        pattern: Names of the axes before and after, as `"b (h s) c -> b h (s c)"`; parentheses
            hold axes that are one.
        **axes_lengths: The sizes of axes that are split off; one in each parentheses may be
            missing.

    Raises:
        ValueError: If the pattern does not fit the tensor.

    Example:
        >>> import torchkeras
        >>> image = torchkeras.ops.ones((2, 4, 6, 3))
        >>> tuple(torchkeras.ops.rearrange(image, "b (h s) w c -> b h w (s c)", s=2).shape)
        (2, 2, 6, 6)
    """
    value = as_tensor(tensor)
    before, after = _read(pattern)
    if len(before) != value.dim():
        raise ValueError(
            f"`pattern` must name {value.dim()} axes before `->`, as `tensor` has. Received: "
            f"pattern={pattern!r}, tensor={show(value)}."
        )
    sizes: dict[str, int] = {}
    for group, size in zip(before, value.shape, strict=True):
        sizes.update(_split(group, size, axes_lengths, pattern))
    names = [name for group in before for name in group]
    split = value.reshape([sizes[name] for name in names])
    moved = split.permute([names.index(name) for group in after for name in group])
    return moved.reshape([math.prod([sizes[name] for name in group]) for group in after])


def _read(pattern: str) -> tuple[list[Group], list[Group]]:
    """Return the groups of axes on both sides, which must name the same axes."""
    sides = pattern.split("->")
    if len(sides) != 2:
        raise ValueError(f"`pattern` must have one `->`. Received: pattern={pattern!r}.")
    before, after = (_groups(side, pattern) for side in sides)
    names = [sorted(name for group in side for name in group) for side in (before, after)]
    if names[0] != names[1] or len(set(names[0])) != len(names[0]):
        raise ValueError(
            "`pattern` must name the same axes on both sides, each of them once. Received: "
            f"pattern={pattern!r}."
        )
    return before, after


def _groups(side: str, pattern: str) -> list[Group]:
    groups = []
    for merged, name, other in _TOKEN.findall(side):
        if other:
            raise ValueError(
                f"`pattern` may hold names and parentheses, not {other!r}. Received: "
                f"pattern={pattern!r}."
            )
        groups.append([name] if name else merged.split())
    return groups


def _split(group: Group, size: int, lengths: dict[str, int], pattern: str) -> dict[str, int]:
    """Return the sizes of axes that are one axis of a given size."""
    known = {name: lengths[name] for name in group if name in lengths}
    missing = [name for name in group if name not in lengths]
    rest, left_over = divmod(size, math.prod(list(known.values())) or 1)
    if len(missing) > 1 or left_over or (not missing and rest != 1):
        raise ValueError(
            f"An axis of size {size} cannot be split into ({' '.join(group)}). Received: "
            f"pattern={pattern!r}, axes_lengths={lengths}."
        )
    return known | dict.fromkeys(missing, rest)
