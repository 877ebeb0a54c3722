"""`RandomBrightness`: images with more or less light."""

from typing import Any

from torch import Tensor

from . import factors
from .base import ColorLayer


class RandomBrightness(ColorLayer):
    """In training, add to each image one random number.

    Args:
        factor: How much, as a part of the value range: 0.2 means from -20 % to 20 %, `(0.1, 0.2)`
            from 10 % to 20 %.
        value_range: The lowest and the highest value of images.
        seed: An integer, for the same numbers in every run.
        **kwargs: `data_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `factor` or `value_range` is out of range.

    Differs from Keras:
        Whole numbers become floats, as documented; Keras adds in their dtype, which overflows.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.RandomBrightness((0.2, 0.2))
        >>> layer(torch.zeros(1, 1, 1)).item()
        51.0
    """

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(factor=factor, **kwargs)
        self.value_range = factors.value_range(value_range)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        shape = (1,) * 3 if len(images.shape) == 3 else (images.shape[0], 1, 1, 1)
        low, high = self.factor
        delta = self.uniform(shape, low, high, seed, images)
        return {"rgb_delta": delta * (self.value_range[1] - self.value_range[0])}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        moved = images + transformation["rgb_delta"].to(images.dtype)
        return moved.clamp_(*self.value_range)
