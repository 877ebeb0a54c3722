"""`RandomContrast`: images with stronger or weaker differences."""

from typing import Any

from torch import Tensor

from .base import ColorLayer
from .factors import overlap, value_range_kept


class RandomContrast(ColorLayer):
    """In training, multiply the distance of pixels from the mean of their image and channel.

    `(x - mean) * factor + mean`, where the factor is drawn from `1 - lower` to `1 + upper`.

    Args:
        factor: How far the factor lies from 1: a number, or lower and upper, from 0 to 1.
        value_range: The lowest and the highest value of images.
        seed: An integer, for the same factors in every run.
        **kwargs: `data_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `factor` is out of range.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.RandomContrast((0.0, 1.0), seed=1)
        >>> x = torch.tensor([[[100.0], [200.0]]])
        >>> bool(layer(x).mean() == 150)
        True
    """

    factor_bounds = (0, 1)

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.factor = overlap("factor", factor, *self.factor_bounds)
        self.value_range = value_range_kept(value_range)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        shape = (1,) * 3 if len(images.shape) == 3 else (images.shape[0], 1, 1, 1)
        bounds = 1.0 - self.factor[0], 1.0 + self.factor[1]
        drawn = self.uniform(shape, *bounds, seed, images, dtype=self.compute_dtype)
        return {"contrast_factor": drawn}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        # One axis after the other: the rows of a picture lie side by side.
        mean = images.mean(self._height_axis, keepdim=True).mean(self._width_axis, keepdim=True)
        moved = (images - mean).mul_(transformation["contrast_factor"]).add_(mean)
        return moved.clamp_(*self.value_range)
