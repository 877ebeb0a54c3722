"""`RandomErasing`: images with a hole."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import random

from .base import ColorLayer, batch_of, by_chance
from .factors import is_number, overlap, value_range_kept
from .window import Window, pasted


class RandomErasing(ColorLayer):
    """In training, fill a window of some images with noise or a value.

    Args:
        factor: How probable that is: a number, or lower and upper, from 0 to 1.
        scale: The area of the window as part of the image: a number for 0 up to it, or lower and
            upper, from 0 to 1.
        fill_value: A number, three numbers for three channels, or `None` for noise.
        value_range: The lowest and the highest value of images.
        seed: An integer, for the same choices in every run.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If an argument is out of range.

    Source:
        Zhong et al. 2017, https://arxiv.org/abs/1708.04896

    Example:
        >>> import torch, torchkeras
        >>> hole = torchkeras.layers.RandomErasing((1.0, 1.0), (0.9, 0.9), fill_value=7.0)
        >>> hole(torch.zeros(4, 4, 1)).max()
        tensor(7.)
    """

    takes_factor = False
    takes_bytes = True
    makes_batches = ("transform_images",)
    factor_bounds = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = overlap("factor", factor, *self.factor_bounds)
        self.scale = overlap("scale", scale, *self.factor_bounds)
        self.fill_value = _checked(fill_value)
        self.value_range = value_range_kept(value_range)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        low, high = self.scale
        shape, dtype = (batch_of(images), 2), self.compute_dtype
        wide, tall = self.uniform(shape, low, high, seed, images, dtype=dtype).sqrt().unbind(-1)
        window = Window.drawn(self, images, wide, tall, seed)
        return {
            "batch_masks": window.mask(self, images),
            "apply_erasing": by_chance(self, images, seed),
            "fill_value": self._fill(images, seed, wide.device).clamp_(*self.value_range),
        }

    def _fill(self, images: Any, seed: Any, device: torch.device) -> Tensor:
        if self.fill_value is None:
            noise = random.normal(tuple(images.shape), dtype=self.compute_dtype, seed=seed)
            return noise.to(device).mul_(self.value_range[1])
        fill = torch.tensor(self.fill_value, dtype=self.torch_dtype, device=device)
        return fill[:, None, None] if fill.dim() and self.data_format[-5:] == "first" else fill

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        mask, chosen = transformation["batch_masks"], transformation["apply_erasing"]
        given, images = images, images.to(self.torch_dtype)
        fill, is_own = transformation["fill_value"], images is not given
        return pasted(self, images, mask, fill, chosen=chosen, is_own=is_own)


def _checked(value: Any) -> Any:
    several = isinstance(value, (tuple, list)) and len(value) == 3 and all(map(is_number, value))
    if value is not None and not several and not is_number(value):
        raise ValueError(
            f"`fill_value` must be a number, three numbers or None. Received: fill_value={value!r}."
        )
    return value
