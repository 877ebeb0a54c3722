"""`RandomSaturation`: images with stronger or paler colors."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.settings import epsilon
from torchkeras.ops.image.color import hsv_to_rgb, rgb_to_hsv

from . import factors
from .base import ColorLayer, batch_of


class RandomSaturation(ColorLayer):
    """In training, multiply the saturation of each image by `f / (1 - f)` for a random f.

    Args:
        factor: A number, or lower and upper, from 0 (gray) over 0.5 (unchanged) to 1.
        value_range: The lowest and the highest value of images.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        seed: An integer, for the same choices in every run.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `factor` is out of range, or there are not 3 channels.

    Example:
        >>> import torch, torchkeras
        >>> red = torch.tensor([[[1.0, 0.0, 0.0]]])
        >>> torchkeras.layers.RandomSaturation((0.0, 0.0), value_range=(0, 1))(red)
        tensor([[[1., 1., 1.]]])
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factors.overlap("factor", factor, *self.factor_bounds)
        self.value_range = factors.value_range(value_range)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        low, high = self.factor
        drawn = self.uniform((batch_of(images),), low, high, seed, images)
        return {"factor": drawn / (1 - drawn + epsilon())}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        factor = transformation["factor"].to(images.dtype).reshape(-1, 1, 1)
        colors = rgb_to_hsv(images, self.data_format)
        hue, saturation, value = colors.unbind(self._channel_axis)
        saturation = (saturation * factor).clamp(*self.value_range)
        colors = torch.stack([hue, saturation, value], self._channel_axis)
        return hsv_to_rgb(colors, self.data_format)
