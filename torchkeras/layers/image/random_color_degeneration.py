"""`RandomColorDegeneration`: images nearer to gray."""

from typing import Any

from torch import Tensor

from torchkeras.ops.image.color import rgb_to_grayscale

from . import factors
from .base import ColorLayer, batch_of


class RandomColorDegeneration(ColorLayer):
    """In training, mix images with their gray selves.

    Args:
        factor: How much gray: a number for its negative up to it, or lower and
            upper, from -1 to 1.
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
        >>> layer = torchkeras.layers.RandomColorDegeneration((1.0, 1.0), value_range=(0, 1))
        >>> layer(torch.tensor([[[0.0, 1.0, 0.0]]]))
        tensor([[[0.5870, 0.5870, 0.5870]]])
    """

    makes_batches = ("transform_images",)

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
        return {"factor": self.uniform((batch_of(images), 1, 1, 1), low, high, seed, images)}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        factor = transformation["factor"].to(images.dtype)
        gray = rgb_to_grayscale(images, self.data_format)
        moved = (gray - images).mul_(factor).add_(images)
        return moved.clamp_(*self.value_range)
