"""`AutoContrast`: images that use the whole range of values."""

from typing import Any

import torch
from torch import Tensor

from . import factors
from .base import ColorLayer


class AutoContrast(ColorLayer):
    """Stretch each channel of each image to the whole range, in training and inference alike.

    Args:
        value_range: The lowest and the highest value of images.
        **kwargs: `data_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `value_range` is not two numbers.

    Differs from Keras:
        With channels first, the height and width count; Keras looks at channels and height.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.tensor([[[0.4], [0.5], [0.6]]])
        >>> torchkeras.layers.AutoContrast(value_range=(0, 1))(x).flatten()
        tensor([0.0000, 0.5000, 1.0000])
    """

    takes_factor = False

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = factors.value_range(value_range)

    def transform_images(
        self, images: Tensor, transformation: Any = None, training: bool = True
    ) -> Tensor:
        given = images.to(self.torch_dtype)
        x = factors.rescaled(given, self.value_range, (0, 255))
        # One axis after the other: the rows of a picture lie side by side.
        low = x.amin(self._height_axis, keepdim=True).amin(self._width_axis, keepdim=True)
        high = x.amax(self._height_axis, keepdim=True).amax(self._width_axis, keepdim=True)
        scale = 255.0 / (high - low)
        done = (x * scale).sub_(low * scale).clamp_(0, 255)
        done = factors.rescaled(done, (0, 255), self.value_range)
        return torch.where(high == low, given, done)  # an image of one color stays
