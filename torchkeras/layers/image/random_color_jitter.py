"""`RandomColorJitter`: brightness, contrast, saturation and hue changed one after the other."""

from typing import Any

from torch import Tensor

from .base import ColorLayer
from .factors import value_range_kept
from .random_brightness import RandomBrightness
from .random_contrast import RandomContrast
from .random_hue import RandomHue
from .random_saturation import RandomSaturation


class RandomColorJitter(ColorLayer):
    """In training, change brightness, contrast, saturation and hue of images.

    Args:
        value_range: The lowest and the highest value of images.
        brightness_factor: The factor of `RandomBrightness`; `None` leaves the brightness.
        contrast_factor: The factor of `RandomContrast`.
        saturation_factor: The factor of `RandomSaturation`.
        hue_factor: The factor of `RandomHue`.
        seed: An integer, for the same choices in every run.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If a factor is out of range.

    Differs from Keras:
        `data_format` reaches all four; Keras's four take the global one.

    Example:
        >>> import torch, torchkeras
        >>> jitter = torchkeras.layers.RandomColorJitter(brightness_factor=(0.2, 0.2))
        >>> jitter(torch.zeros(1, 1, 3))
        tensor([[[51., 51., 51.]]])
    """

    takes_factor = False

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range_kept(value_range)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        self._seed_with(seed)
        self.random_brightness = self._part(RandomBrightness, brightness_factor)
        self.random_contrast = self._part(RandomContrast, contrast_factor)
        self.random_saturation = self._part(RandomSaturation, saturation_factor)
        self.random_hue = self._part(RandomHue, hue_factor)

    def _part(self, kind: Any, factor: Any) -> Any:
        if factor is None:
            return None
        part = kind(
            factor,
            value_range=self.value_range,
            seed=self.seed,
            data_format=self.data_format,
            dtype=self.dtype_policy,
        )
        part.built = True  # there is nothing to build
        return part

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        parts = (
            self.random_brightness, self.random_contrast, self.random_saturation, self.random_hue
        )  # fmt: skip
        for part in parts:
            if part is not None:
                drawn = part.get_random_transformation(images, seed=self.generator)
                images = part.transform_images(images, drawn)
        return images
