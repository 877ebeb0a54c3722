"""`RandomInvert`: negatives of images."""

from typing import Any

import torch
from torch import Tensor

from .base import ColorLayer, by_chance
from .factors import overlap, value_range_kept


class RandomInvert(ColorLayer):
    """In training, subtract the pixels of some images from the highest value.

    Args:
        factor: How probable that is: a number, or lower and upper, from 0 to 1.
        value_range: The lowest and the highest value of images.
        seed: An integer, for the same choices in every run.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `factor` is out of range.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.RandomInvert((1.0, 1.0))(torch.tensor([[[55.0]]]))
        tensor([[[200.]]])
    """

    takes_factor = False
    makes_batches = ("transform_images",)
    takes_bytes = True
    factor_bounds = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = overlap("factor", factor, *self.factor_bounds)
        self.value_range = value_range_kept(value_range)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        return {"apply_inversion": by_chance(self, images, seed)}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        chosen = transformation["apply_inversion"][:, None, None, None]
        if images.dtype == torch.uint8:
            if self.value_range[1] == 255:  # 255 - x turns every bit
                return (images ^ chosen.to(torch.uint8).mul_(255)).to(self.torch_dtype)
            images = images.to(self.torch_dtype)
        chosen = chosen.to(images.dtype)
        return torch.addcmul(chosen * self.value_range[1], images, 1 - 2 * chosen)
