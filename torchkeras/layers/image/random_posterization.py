"""`RandomPosterization`: images with few shades."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import random

from . import factors
from .base import ColorLayer, batch_of


class RandomPosterization(ColorLayer):
    """In training, keep only the highest bits of each channel.

    Args:
        factor: How many bits are kept: a number from 1 to 8 for 1 up to as many, or two numbers.
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
        >>> torchkeras.layers.RandomPosterization((1, 1))(torch.tensor([[[100.0], [200.0]]]))
        tensor([[[  0.],
                 [128.]]])
    """

    takes_factor = False
    makes_batches = ("transform_images",)
    takes_bytes = True
    factor_bounds = (1, 8)

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
        low, high = (int(bound) for bound in self.factor)
        shape = (batch_of(images),)
        device = images.device if isinstance(images, Tensor) else None
        if low == high:
            kept = torch.full(shape, low, dtype=torch.uint8, device=device)
        else:
            kept = random.randint(shape, low, high, dtype="uint8", seed=seed).to(device)
        return {"shift_factor": 8 - kept}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        dropped = transformation["shift_factor"].reshape(-1, 1, 1, 1).to(torch.uint8)
        mask = torch.full_like(dropped, 255) << dropped
        if images.dtype == torch.uint8 and tuple(self.value_range) == (0, 255):
            return images.bitwise_and(mask).to(self.torch_dtype)
        images = images.to(self.torch_dtype)
        whole = factors.rescaled(images, self.value_range, (0, 255)).to(torch.uint8)
        kept = whole.bitwise_and_(mask).to(images.dtype)
        return factors.rescaled(kept, (0, 255), self.value_range, is_own=True)
