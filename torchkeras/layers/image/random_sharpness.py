"""`RandomSharpness`: images blurred or sharpened."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from . import factors
from .base import ColorLayer, batch_of


class RandomSharpness(ColorLayer):
    """In training, mix images with their blurred selves: 0 blurs, 0.5 leaves, 1 sharpens.

    Args:
        factor: A number for 0 up to it, or lower and upper, from 0 to 1.
        value_range: The lowest and the highest value of images.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        seed: An integer, for the same choices in every run.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `factor` is out of range.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.tensor([[[0.0], [13.0], [0.0]]])
        >>> torchkeras.layers.RandomSharpness((0.0, 0.0))(x).flatten().round()
        tensor([1., 5., 1.])
    """

    takes_factor = False
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
        self.factor = factors.overlap("factor", factor, *self.factor_bounds)
        self.value_range = factors.value_range(value_range)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        low, high = self.factor
        return {"factor": self.uniform((batch_of(images),), low, high, seed, images)}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        sharpness = (transformation["factor"] * 2).to(images.dtype).reshape(-1, 1, 1, 1)
        smooth = self._smoothed(images)
        moved = (smooth - images).mul_(1.0 - sharpness).add_(images)
        return moved.clamp_(*self.value_range)

    def _smoothed(self, images: Tensor) -> Tensor:
        x = images.movedim(self._channel_axis, 1)
        kernel = torch.full((x.shape[1], 1, 3, 3), 1 / 13, dtype=x.dtype, device=x.device)
        kernel[..., 1, 1] = 5 / 13
        smooth = F.conv2d(x, kernel, padding=1, groups=x.shape[1])
        return smooth.movedim(1, self._channel_axis)
