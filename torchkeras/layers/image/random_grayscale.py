"""`RandomGrayscale`: images without colors."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.layers.base.arguments import number
from torchkeras.ops.image.color import rgb_to_grayscale

from .base import ColorLayer, batch_of
from .eager import chosen_changed


class RandomGrayscale(ColorLayer):
    """In training, turn some images gray: `0.2989 R + 0.587 G + 0.114 B` in all channels.

    Args:
        factor: How probable that is.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        seed: An integer, for the same choices in every run.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `factor` is not between 0 and 1, or there are not 3 channels.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.RandomGrayscale(1.0)(torch.tensor([[[0.0, 1.0, 0.0]]]))
        tensor([[[0.5870, 0.5870, 0.5870]]])
    """

    takes_factor = False
    makes_batches = ("transform_images",)

    def __init__(
        self,
        factor: float = 0.5,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = number("factor", factor, 0, 1)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> Tensor:
        drawn = self.uniform((batch_of(images),), 0.0, 1.0, seed, images)
        return (drawn < self.factor)[:, None, None, None]

    def transform_images(
        self, images: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        return self.move(images, transformation, "nearest") if training else images

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        return chosen_changed(images, transformation, self._gray)

    def _gray(self, images: Tensor) -> Tensor:
        gray = rgb_to_grayscale(images, self.data_format)
        if self.data_format == "channels_first" or gray.requires_grad:
            return gray.expand_as(images).contiguous()
        made = torch.empty_like(images)
        for index in range(made.shape[-1]):  # one after the other: rows of 3 are slow to copy
            made.narrow(-1, index, 1).copy_(gray)
        return made

    def compute_output_spec(self, data: Any, training: bool | None = True) -> Any:
        spec = super().compute_output_spec(data, training)
        return spec if isinstance(data, dict) else KerasTensor(data.shape, data.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, the seed left out as in Keras."""
        config = super().get_config()
        config.pop("seed")
        return config
