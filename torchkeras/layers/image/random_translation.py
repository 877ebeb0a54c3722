"""`RandomTranslation`: images moved aside."""

from typing import Any

import torch
from torch import Tensor

from .base import Boxes, ImageLayer, batch_of
from .boxes import clip_to_image_size, convert_format
from .factors import FILL_MODES, INTERPOLATIONS, known, within
from .warp import translation, warped


class RandomTranslation(ImageLayer):
    """In training, move each image up or down and left or right.

    Args:
        height_factor: How far, as a part of the height: 0.2 means from 20 % up to 20 % down,
            `(-0.2, 0.3)` from 20 % up to 30 % down.
        width_factor: How far, as a part of the width, to the left (negative) and right.
        fill_mode: What lies outside: `"reflect"`, `"wrap"`, `"constant"` or `"nearest"`.
        interpolation: `"nearest"` or `"bilinear"`.
        seed: An integer, for the same shifts in every run.
        fill_value: The constant.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If a factor is out of range.
        NotImplementedError: If a name is unknown.

    Example:
        >>> import torch, torchkeras
        >>> move = torchkeras.layers.RandomTranslation(0.0, (0.25, 0.25), fill_mode="constant")
        >>> move(torch.arange(1.0, 5.0).reshape(1, 4, 1)).flatten()
        tensor([0., 1., 2., 3.])
    """

    takes_factor = False

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height_bounds = within("height_factor", height_factor, -1.0, 1.0)
        self._width_bounds = within("width_factor", width_factor, -1.0, 1.0)
        self.fill_mode = known("fill_mode", fill_mode, FILL_MODES)
        self.interpolation = known("interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = fill_value
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        shape, (height, width) = (batch_of(images), 1), self.size_of(images)
        down = self.uniform(shape, *self._height_bounds, seed, images) * height
        aside = self.uniform(shape, *self._width_bounds, seed, images) * width
        shifts = torch.cat([aside, down], 1).to(torch.float32)
        return {"translations": shifts, "input_shape": tuple(images.shape)}

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        if transformation is None:
            return images
        maps, fill = translation(transformation["translations"]), (self.fill_mode, self.fill_value)
        return warped(images, maps, interpolation, *fill, self.data_format)

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        if not training:
            return bounding_boxes
        size = self.size_of(transformation["input_shape"])
        form = str(self.bounding_box_format)
        made = convert_format(bounding_boxes, form, "xyxy", *size)
        shifts = transformation["translations"].repeat(1, 2)
        made["boxes"] = made["boxes"] + (shifts[:, None] if made["boxes"].dim() == 3 else shifts)
        done: Boxes = convert_format(clip_to_image_size(made, *size), "xyxy", form, *size)
        return done
