"""`RandomHue`: images in other colors."""

from typing import Any

import torch
from torch import Tensor

from torchkeras.ops.image.color import hsv_to_rgb, rgb_to_hsv

from .base import ColorLayer, batch_of
from .factors import overlap, rescaled, value_range_kept


class RandomHue(ColorLayer):
    """In training, turn the hue of each image around the circle of colors.

    Args:
        factor: How far: a number, or lower and upper, from 0 to 1, which is half of the circle.
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
        >>> torchkeras.layers.RandomHue((1.0, 1.0), value_range=(0, 1))(red).round().abs()
        tensor([[[0., 1., 1.]]])
    """

    factor_bounds = (0, 1)

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = overlap("factor", factor, *self.factor_bounds)
        self.value_range = value_range_kept(value_range)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        shape, (low, high) = (batch_of(images),), self.factor
        side = torch.where(self.uniform(shape, 0.0, 1.0, seed, images) > 0.5, -1.0, 1.0)
        return {"factor": side * self.uniform(shape, low, high, seed, images) * 0.5}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        turn = transformation["factor"].to(images.dtype).reshape(-1, 1, 1)
        colors = rgb_to_hsv(rescaled(images, self.value_range, (0, 1)), self.data_format)
        hue, saturation, value = colors.unbind(self._channel_axis)
        hue = hue + turn
        hue = torch.where(hue > 1.0, hue - 1.0, hue)
        hue = torch.where(hue < 0.0, hue + 1.0, hue)
        colors = torch.stack([hue, saturation, value], self._channel_axis)
        done = hsv_to_rgb(colors, self.data_format).clamp(0, 1)
        return rescaled(done, (0, 1), self.value_range).to(images.dtype)
