"""`RandomHue`: images in other colors."""

from typing import Any

import torch
from torch import Tensor

from torchkeras.ops.image.color import color_planes, colored, value_and_spread

from .base import ColorLayer, batch_of
from .factors import overlap, value_range_kept


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
        planes = color_planes(images, self._channel_axis)
        value, spread = value_and_spread(*planes)
        place = (_sixth(*planes, value, spread) + 6.0 * turn).remainder_(6.0)
        # How far each color lies below the strongest, as part of the spread.
        below = (
            2.0 - (place - 3.0).abs_(),
            (place - 2.0).abs_().sub_(1.0),
            (place - 4.0).abs_().sub_(1.0),
        )
        done = [torch.addcmul(value, spread, part.clamp_(0, 1), value=-1) for part in below]
        low, high = sorted(self.value_range)
        return colored(done, self._channel_axis).clamp_(low, high)


def _sixth(red: Tensor, green: Tensor, blue: Tensor, value: Tensor, spread: Tensor) -> Tensor:
    """Return the hue as a place from -1 to 5 on a circle of six; gray is somewhere."""
    each = spread.clamp(min=torch.finfo(spread.dtype).tiny)
    hue = torch.where(value == green, (blue - red) / each + 2.0, (red - green) / each + 4.0)
    return torch.where(value == red, (green - blue) / each, hue)
