"""Whole numbers from 0 up, with a scale and a zero for each row, or for each group of a row."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Grid:
    """Where whole numbers stand for floats: `(whole - zero) * scale`, whole from 0 to `most`.

    Attributes:
        scale: The distance of two numbers, `(rows, groups)`.
        zero: The whole number of 0.0, likewise.
        most: The largest whole number.
    """

    scale: Tensor
    zero: Tensor
    most: int

    def whole(self, x: Tensor, groups: Tensor | None = None) -> Tensor:
        """Return the nearest whole numbers, as floats.

        Args:
            x: A float matrix.
            groups: The group of each column, if there are several.
        """
        scale, zero = self._spread(groups)
        return (x / scale + zero).round().clamp(0, self.most)

    def floats(self, whole: Tensor, groups: Tensor | None = None) -> Tensor:
        """Return the floats that whole numbers stand for.

        Args:
            whole: Whole numbers, as floats.
            groups: The group of each column, if there are several.
        """
        scale, zero = self._spread(groups)
        return (whole - zero) * scale

    def _spread(self, groups: Tensor | None) -> tuple[Tensor, Tensor]:
        zero = self.zero.to(self.scale.dtype)
        if groups is None:
            return self.scale, zero
        return self.scale[:, groups], zero[:, groups]


def grid_of(
    x: Tensor, bits: int, symmetric: bool = False, per_channel: bool = True, group_size: int = -1
) -> Grid:
    """Return the grid on which a matrix fits best.

    Args:
        x: A float matrix.
        bits: The bits of a whole number.
        symmetric: Whether zero stays in the middle.
        per_channel: Whether rows have scales of their own.
        group_size: How many columns share a scale; -1 for all.
    """
    rows = x.shape[0]
    least, most = _limits(x, per_channel, group_size)
    if symmetric:
        size = torch.maximum(least.abs(), most)
        least, most = torch.where(least < 0, -size, least), size
    least = least.clamp(max=0)  # a zero above all numbers could not be written down
    equal = least == most
    least, most = torch.where(equal, least - 1, least), torch.where(equal, most + 1, most)
    steps = 2**bits - 1
    scale = (most - least) / steps
    middle = torch.full_like(scale, (steps + 1) / 2)
    zero = middle if symmetric else (-least / scale).round()
    shape = (rows, -1) if per_channel else (rows, 1)
    return Grid(scale.expand(shape).contiguous(), zero.expand(shape).to(torch.uint8), steps)


def _limits(x: Tensor, per_channel: bool, group_size: int) -> tuple[Tensor, Tensor]:
    """Return the least and the greatest number of each row, group by group."""
    rows, columns = x.shape
    if not per_channel:
        least, most = x.aminmax()
        return least.reshape(1, 1), most.reshape(1, 1)
    if group_size <= 0 or group_size >= columns:
        found = x.aminmax(dim=1, keepdim=True)
        return found.min, found.max
    padded = functional.pad(x, (0, -columns % group_size))
    found = padded.reshape(rows, -1, group_size).aminmax(dim=2)
    return found.min, found.max
