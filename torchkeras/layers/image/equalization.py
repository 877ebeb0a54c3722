"""`Equalization`: images in which all values are about equally frequent."""

from typing import Any

import torch
from torch import Tensor

from torchkeras.layers.base.arguments import count

from . import factors
from .base import ColorLayer


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
        last = images.movedim(self._channel_axis, 0)
        x = factors.rescaled(last.flatten(1), self.value_range, (0, 255))
        bins = (x.float() * (self.bins - 1) / 255).to(torch.int64).clamp(0, self.bins - 1)
        counts = torch.zeros(x.shape[0], self.bins, dtype=torch.int64, device=x.device)
        counts.scatter_add_(1, bins, torch.ones_like(bins))
        table = _table(counts).to(x.dtype)
        found = (x / 255.0 * (self.bins - 1)).clamp(0, self.bins - 1).to(torch.int64)
        several = (counts > 0).sum(1, keepdim=True) > 1
        done = torch.where(several, table.gather(1, found), x)
        done = factors.rescaled(done, (0, 255), self.value_range)
        return done.reshape(last.shape).movedim(0, self._channel_axis)


def _table(counts: Tensor) -> Tensor:
    """Return the new value of each bin of each channel."""
    total = counts.cumsum(1)
    first = torch.where(total > 0, total, total[:, -1:]).amin(1, keepdim=True)
    rest = (total[:, -1:] - first).clamp(min=1)
    return ((total - first) * 255 / rest).round().clamp(0, 255)
