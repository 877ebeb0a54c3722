"""`RandomZoom`: images seen from nearer or farther."""

from typing import Any

import torch
from torch import Tensor

from .base import Boxes, ImageLayer, batch_of
from .boxes import clip_to_image_size, convert_format
from .factors import FILL_MODES, INTERPOLATIONS, known, within
from .warp import scaling, warped


class RandomZoom(ImageLayer):
    """In training, zoom each image in or out about its center.

    Args:
        height_factor: How far: 0.2 means from 20 % in (negative) to 20 % out (positive);
            `(-0.3, -0.2)` means 20 to 30 % in.
        width_factor: The same for the width, drawn apart; if not given, the aspect ratio stays.
        fill_mode: What lies outside: `"reflect"`, `"wrap"`, `"constant"` or `"nearest"`.
        interpolation: `"nearest"` or `"bilinear"`.
        seed: An integer, for the same zooms in every run.
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
        >>> zoom = torchkeras.layers.RandomZoom((-0.5, -0.5))
        >>> zoom(torch.arange(5.0).reshape(1, 5, 1)).flatten()
        tensor([1.0000, 1.5000, 2.0000, 2.5000, 3.0000])
    """

    takes_factor = False

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height_bounds = _bounds("height_factor", height_factor)
        both = height_factor if width_factor is None else width_factor
        self._width_bounds = _bounds("width_factor", both)
        self.fill_mode = known("fill_mode", fill_mode, FILL_MODES)
        self.interpolation = known("interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = fill_value
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        shape = (batch_of(images), 1)
        height_zoom = self.uniform(shape, *self._height_bounds, seed, images)
        width_zoom = height_zoom
        if self.width_factor is not None:
            width_zoom = self.uniform(shape, *self._width_bounds, seed, images)
        return {
            "height_zoom": height_zoom,
            "width_zoom": width_zoom,
            "input_shape": tuple(images.shape),
        }

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        if transformation is None:
            return images
        zooms = transformation["width_zoom"], transformation["height_zoom"]
        maps = scaling(*zooms, *self.size_of(images))
        fill = self.fill_mode, self.fill_value
        return warped(images, maps, interpolation, *fill, self.data_format)

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        if not training:
            return bounding_boxes
        height, width = self.size_of(transformation["input_shape"])
        form = str(self.bounding_box_format)
        made = convert_format(bounding_boxes, form, "xyxy", height, width)
        zooms = transformation["width_zoom"], transformation["height_zoom"]
        a0, _, a2, _, b1, b2 = scaling(*zooms, height, width)[:, None, :6].unbind(-1)
        left, top, wide, tall = a2, b2, a0 * width, b1 * height
        x1, y1, x2, y2 = made["boxes"].unbind(-1)
        x1, x2 = (_inside(x, left, wide) for x in (x1, x2))
        y1, y2 = (_inside(y, top, tall) for y in (y1, y2))
        made["boxes"] = torch.stack([x1, y1, x2, y2], -1)
        made = clip_to_image_size(made, bounding_box_format="rel_xyxy")
        done: Boxes = convert_format(made, "rel_xyxy", form, height, width)
        return done


def _bounds(name: str, factor: Any) -> tuple[float, float]:
    low, high = within(name, factor, -1.0, 1.0, open_below=True)
    return 1.0 + low, 1.0 + high


def _inside(place: Tensor, start: Tensor, length: Tensor) -> Tensor:
    """Return which part of a window lies before a place."""
    return ((place - start).clamp(min=0)).minimum(length) / length
