"""`AutoContrast`: images that use the whole range of values."""

from typing import Any

import torch
from torch import Tensor

from . import factors
from .base import ColorLayer


class AutoContrast(ColorLayer):
    """Stretch each channel of each image to the whole range, in training and inference alike.

    Args:
        value_range: The lowest and the highest value of images.
        **kwargs: `data_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `value_range` is not two numbers.

    Differs from Keras:
        With channels first, the height and width count; Keras looks at channels and height.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.tensor([[[0.4], [0.5], [0.6]]])
        >>> torchkeras.layers.AutoContrast(value_range=(0, 1))(x).flatten()
        tensor([0.0000, 0.5000, 1.0000])
    """

    takes_factor = False

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = factors.value_range(value_range)

    def transform_images(
        self, images: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        low, high = self._ends(images, torch.amin), self._ends(images, torch.amax)
        scale = 255.0 / (high - low)
        shift = -low * scale
        # An image of one color, or with numbers that are none, stays.
        moves = torch.isfinite(scale) & torch.isfinite(shift)
        scale, shift = torch.where(moves, scale, 1), torch.where(moves, shift, 0)
        floor = torch.where(moves, 0.0, -torch.inf).to(scale.dtype)
        top = torch.where(moves, 255.0, torch.inf).to(scale.dtype)
        scale, shift, floor, top = (self._along(images, x) for x in (scale, shift, floor, top))
        given = images.to(self.torch_dtype)
        x = factors.rescaled(given, self.value_range, (0, 255), is_own=given is not images)
        x = x * scale if x is images else x.mul_(scale)
        x = x.add_(shift).clamp_(floor, top)
        return factors.rescaled(x, (0, 255), self.value_range, is_own=True)

    def _ends(self, images: Tensor, end: Any) -> Tensor:
        """Return the lowest or highest value of each channel of each image."""
        # One axis after the other: the rows of a picture lie side by side.
        rows = end(images, self._height_axis, keepdim=True)
        found = end(rows, self._width_axis, keepdim=True).to(self.torch_dtype)
        return factors.rescaled(found, self.value_range, (0, 255))

    def _along(self, images: Tensor, x: Tensor) -> Tensor:
        """Return numbers for channels as whole rows, which torch takes several at once."""
        if self.data_format == "channels_first":
            return x
        return x.expand(-1, -1, images.shape[self._width_axis], -1).contiguous()
