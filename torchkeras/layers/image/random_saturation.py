"""`RandomSaturation`: images with stronger or paler colors."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.settings import epsilon
from torchkeras.ops.image.color import color_planes, colored, value_and_spread

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
        planes = color_planes(images, self._channel_axis)
        value, spread = value_and_spread(*planes)
        low, high = self.value_range
        # The hue stays: all colors come nearer to the strongest, or go away from it, alike. Keras
        # keeps the saturation, a part of 1, within the range of values.
        full = value.clamp(min=0).div_(spread.clamp_(min=torch.finfo(images.dtype).tiny))
        ratio = torch.minimum(full * high if high != 1 else full, factor)
        ratio = torch.maximum(ratio, full * low) if low else ratio.clamp_(min=0)
        done = [(plane - value).mul_(ratio).add_(value) for plane in planes]
        return colored(done, self._channel_axis)
