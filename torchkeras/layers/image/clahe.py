"""`ContrastLimitedAdaptiveHistogramEqualization`: contrast spread out tile by tile."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.geometry import is_whole

from . import factors
from .base import ColorLayer

_LEVELS = 256


class ContrastLimitedAdaptiveHistogramEqualization(ColorLayer):
    """Spread the values of each tile of images by its histogram, in training and inference alike.

    No level of a histogram counts more than `clip_limit` times the mean; the rest is shared by all
    levels. Between the centers of tiles the results of the four next ones are interpolated.

    Args:
        value_range: The lowest and the highest value of images.
        clip_limit: How much more than the mean a level may count; 0 for no limit.
        tile_grid_size: The number of tiles along the height and the width.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's; whole numbers stay such.

    Raises:
        ValueError: If `value_range` is not two numbers, or `tile_grid_size` not two positive ones.

    Source:
        Zuiderveld 1994, https://dl.acm.org/doi/10.5555/180895.180940

    Example:
        >>> import torch, torchkeras
        >>> flat = torch.arange(100.0, 116.0).reshape(4, 4, 1)
        >>> clear = torchkeras.layers.ContrastLimitedAdaptiveHistogramEqualization(
        ...     clip_limit=0, tile_grid_size=(1, 1)
        ... )
        >>> clear(flat).max()
        tensor(255.)
    """

    takes_factor = False

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: tuple[int, int] = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = factors.value_range_kept(value_range)
        self.clip_limit = clip_limit
        self.tile_grid_size = _two_counts(tile_grid_size)

    def transform_images(
        self, images: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        first = images if self.data_format == "channels_first" else images.movedim(-1, 1)
        x = factors.rescaled(first.to(torch.float32), self.value_range, (0, 255))
        done = factors.rescaled(self._equalized(x), (0, 255), self.value_range).to(images.dtype)
        return done if self.data_format == "channels_first" else done.movedim(1, -1)

    def _equalized(self, x: Tensor) -> Tensor:
        """Return new levels of images `(batch, channels, height, width)`."""
        batch, channels, height, width = x.shape
        down, along = self.tile_grid_size
        tall, wide = -(-height // down), -(-width // along)
        levels = x.clamp(0, _LEVELS - 1).long().flatten(0, 1)
        whole = _continued(_continued(levels, 1, tall * down), 2, wide * along)
        tiles = whole.reshape(-1, down, tall, along, wide).transpose(2, 3)
        tables = self._tables(tiles.reshape(batch * channels * down * along, tall * wide))
        found = _interpolated(tables, levels, (down, along), (tall, wide))
        return found.reshape(batch, channels, height, width)

    def _tables(self, tiles: Tensor) -> Tensor:
        """Return the new values of all levels for each tile."""
        pixels = tiles.shape[1]
        counts = torch.zeros(tiles.shape[0], _LEVELS, device=tiles.device)
        counts.scatter_add_(1, tiles, torch.ones((), device=tiles.device).expand(tiles.shape))
        if self.clip_limit > 0:
            # Levels are counted in whole numbers, and so is their limit.
            kept = counts.clamp(max=int(self.clip_limit * pixels / _LEVELS))
            counts = kept + (counts - kept).sum(1, keepdim=True) / _LEVELS
        total = counts.cumsum(1)
        least = total.amin(1, keepdim=True)
        rest = pixels - least
        return ((total - least) * 255.0 / torch.where(rest == 0, 1.0, rest)).clamp(0, 255)


def _continued(x: Tensor, axis: int, size: int) -> Tensor:
    """Return images continued by their mirror images."""
    length = x.shape[axis]
    if size == length:
        return x
    place = torch.arange(size, device=x.device) % (2 * length)
    return x.index_select(axis, torch.minimum(place, 2 * length - 1 - place))


def _interpolated(
    tables: Tensor, levels: Tensor, grid: tuple[int, int], tile: tuple[int, int]
) -> Tensor:
    """Return what the tables of the four next tiles make of levels `(images, height, width)`."""
    images, height, width = levels.shape
    rows = _neighbors(height, tile[0], grid[0], levels.device)
    columns = _neighbors(width, tile[1], grid[1], levels.device)
    first = torch.arange(images, device=levels.device)[:, None, None] * (grid[0] * grid[1])
    flat, bands = tables.flatten(), []
    for row, _ in rows:
        at_row = (first + row[:, None] * grid[1]) * _LEVELS + levels
        left, right = (flat.take(at_row + column * _LEVELS) * share for column, share in columns)
        bands.append(left + right)
    above, below = (band * share[:, None] for band, (_, share) in zip(bands, rows, strict=True))
    return above + below


def _neighbors(
    length: int, tile: int, tiles: int, device: torch.device
) -> list[tuple[Tensor, Tensor]]:
    """Return the tiles before and after each pixel along an axis, and how much they count."""
    place = (torch.arange(length, dtype=torch.float32, device=device) - tile / 2.0) / tile + 1.0
    before = place.floor()
    share = place - before
    index = before.long()
    both = (index - 1, 1.0 - share), (index, share)
    return [(number.clamp(0, tiles - 1), weight) for number, weight in both]


def _two_counts(given: Any) -> tuple[int, int]:
    pair = tuple(given) if isinstance(given, (tuple, list)) else ()
    if len(pair) != 2 or not all(is_whole(size) and size > 0 for size in pair):
        raise ValueError(
            f"`tile_grid_size` must be two positive integers. Received: tile_grid_size={given!r}."
        )
    return pair
