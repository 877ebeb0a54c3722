"""`Equalization`: images in which all values are about equally frequent."""

from typing import Any

import torch
from torch import Tensor

from torchkeras.layers.base.arguments import count

from . import factors
from .base import ColorLayer
from .eager import is_eager_on_cpu, looked_up


class Equalization(ColorLayer):
    """In training, spread the values of each channel of a batch by its histogram.

    Args:
        value_range: The lowest and the highest value of images.
        bins: How many values are told apart.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `value_range` is not two numbers.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.tensor([[[10.0], [20.0], [30.0]]])
        >>> torchkeras.layers.Equalization()(x).flatten()
        tensor([  0., 128., 255.])
    """

    takes_factor = False
    takes_bytes = True

    def __init__(
        self,
        value_range: Any = (0, 255),
        bins: int = 256,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.bins = count("bins", bins)
        self.value_range = factors.value_range(value_range)

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        if images.dtype == torch.uint8:
            return self._of_bytes(images)
        x = _scaled(images, self.value_range, (0, 255))
        counts = self._counts(self._places(self._bins(x), self.bins), self.bins)
        table, several = _table(counts).to(x.dtype), (counts > 0).sum(1) > 1
        done = looked_up(table, self._places(self._found(x), self.bins))
        if not (is_eager_on_cpu(images) and several.all()):
            done = torch.where(self._across(several, images), done, x)
        return _scaled(done, (0, 255), self.value_range)

    def _of_bytes(self, images: Tensor) -> Tensor:
        """Return the same for bytes, of which there are only 256: all is done once for each."""
        values = torch.arange(256, device=images.device).to(self.torch_dtype)
        x = _scaled(values, self.value_range, (0, 255))
        places = self._places(images.to(torch.int32), 256)
        by_byte = self._counts(places, 256)
        counts = by_byte.new_zeros(len(by_byte), self.bins).index_add_(1, self._bins(x), by_byte)
        several = (counts > 0).sum(1, keepdim=True) > 1
        table = torch.where(several, _table(counts).to(x.dtype)[:, self._found(x)], x)
        return looked_up(_scaled(table, (0, 255), self.value_range), places)

    def _bins(self, x: Tensor) -> Tensor:
        """Return the bins that values are counted in."""
        scaled = (x.float() * (self.bins - 1)).div_(255)
        return scaled.to(torch.int32).clamp_(0, self.bins - 1)

    def _found(self, x: Tensor) -> Tensor:
        """Return the bins whose new values they get: others, sometimes, by rounding."""
        scaled = (x / 255.0).mul_(self.bins - 1)
        return scaled.to(torch.int32).clamp_(0, self.bins - 1)

    def _places(self, bins: Tensor, size: int) -> Tensor:
        """Return places in a table with a row of some size for each channel, overwriting bins."""
        count = bins.shape[self._channel_axis]
        starts = torch.arange(0, count * size, size, dtype=bins.dtype, device=bins.device)
        return bins.add_(self._across(starts, bins))

    def _across(self, x: Tensor, images: Tensor) -> Tensor:
        """Return numbers for channels, to be broadcast to images."""
        if self.data_format == "channels_first":
            return x[:, None, None]
        # Whole rows are quicker than three numbers again and again.
        return x.expand(images.shape[-2:]).contiguous()

    def _counts(self, places: Tensor, size: int) -> Tensor:
        """Return how often each value comes in each channel."""
        channels = places.shape[self._channel_axis]
        flat, count = places.flatten(), channels * size
        if is_eager_on_cpu(flat):
            return torch.bincount(flat, minlength=count).view(channels, size)
        counts = torch.zeros(count, dtype=torch.int64, device=flat.device)
        return counts.scatter_add_(0, flat.long(), torch.ones_like(flat, dtype=torch.int64)).view(
            channels, size
        )


def _scaled(x: Tensor, source: Any, target: Any) -> Tensor:
    """Return values of one range in another, rounded as Keras does here and nowhere else."""
    scale = (target[1] - target[0]) / (source[1] - source[0])
    offset = target[0] - source[0] * scale
    x = x * scale if scale != 1 else x
    return x + offset if offset else x


def _table(counts: Tensor) -> Tensor:
    """Return the new value of each bin of each channel."""
    total = counts.cumsum(1)
    first = torch.where(total > 0, total, total[:, -1:]).amin(1, keepdim=True)
    rest = (total[:, -1:] - first).clamp(min=1)
    return ((total - first) * 255 / rest).round().clamp(0, 255)
