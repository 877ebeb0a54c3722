"""`RandomPerspective`: images as if seen from aside."""

from typing import Any

import torch
from torch import Tensor

from torchkeras.layers.base.arguments import number
from torchkeras.ops.image.transform import homography

from .base import Boxes, ImageLayer, batch_of, by_chance
from .boxes import clip_to_image_size, convert_format
from .eager import chosen_changed
from .factors import INTERPOLATIONS, known, overlap
from .warp import seen_at


class RandomPerspective(ImageLayer):
    """In training, move the corners of some images, and all between them.

    Each coordinate of a corner is multiplied by a number from `1 - scale / 2` to `1 + scale / 2`;
    the corner at the top left stays.

    Args:
        factor: How probable that is: a number for 0 up to it, or lower and upper, from 0 to 1.
        scale: How far corners move, from 0 to 1.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_value: What lies outside.
        seed: An integer, for the same choices in every run.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: `bounding_box_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If `factor` or `scale` is out of range.
        NotImplementedError: If `interpolation` is unknown.

    Differs from Keras:
        Boxes come back in the format in which they were given; Keras returns `"xyxy"`.

    Example:
        >>> import torch, torchkeras
        >>> tilt = torchkeras.layers.RandomPerspective(scale=0.5, seed=1)
        >>> tuple(tilt(torch.ones(2, 8, 8, 3)).shape)
        (2, 8, 8, 3)
    """

    takes_factor = False
    factor_bounds = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = overlap("factor", factor, *self.factor_bounds)
        self.scale = number("scale", scale, 0, 1)
        self.interpolation = known("interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = fill_value
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        (height, width), batch = self.size_of(images), batch_of(images)
        chosen, far = by_chance(self, images, seed), 0.5 * self.scale
        shape, dtype = (batch, 4, 2), self.compute_dtype
        moved = self.uniform(shape, -far, far, seed, images, dtype=dtype)
        x, y = width - 1.0, height - 1.0
        corners = moved.new_tensor([[0.0, 0.0], [x, 0.0], [0.0, y], [x, y]]).expand(shape)
        return {
            "apply_perspective": chosen,
            "start_points": corners,
            "end_points": corners + corners * moved,
            "input_shape": tuple(images.shape),
        }

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        height, width = self.size_of(images)
        a0, a1, a2, b0, b1, b2, c0, c1 = _map(transformation)[:, :, None, None].unbind(1)
        x = torch.arange(width, device=a0.device, dtype=a0.dtype)
        y = torch.arange(height, device=a0.device, dtype=a0.dtype)[:, None]
        scale = c0 * x + c1 * y + 1.0
        places = (a0 * x + a1 * y + a2) / scale, (b0 * x + b1 * y + b2) / scale

        def tilted(some: Tensor, x: Tensor, y: Tensor) -> Tensor:
            fill = "constant", self.fill_value
            return seen_at(some, x, y, interpolation, *fill, self.data_format)

        return chosen_changed(images, transformation["apply_perspective"], tilted, *places)

    def transform_bounding_boxes(
        self, bounding_boxes: Boxes, transformation: Any = None, training: bool = True
    ) -> Boxes:
        if not training:
            return bounding_boxes
        size = self.size_of(transformation["input_shape"])
        form = str(self.bounding_box_format)
        made = convert_format(bounding_boxes, form, "xyxy", *size)
        chosen = transformation["apply_perspective"][:, None, None]
        made["boxes"] = torch.where(chosen, _around(made["boxes"], transformation), made["boxes"])
        done: Boxes = convert_format(clip_to_image_size(made, *size), "xyxy", form, *size)
        return done


def _map(transformation: Any) -> Tensor:
    """Return where the pixels of the results come from, as 8 numbers for each image."""
    points = (transformation[name].to(torch.float32) for name in ("start_points", "end_points"))
    return homography(*points, check=False)


def _around(boxes: Tensor, transformation: Any) -> Tensor:
    """Return the boxes around where the corners of boxes come to lie."""
    backward = _map(transformation)
    square = torch.cat([backward, torch.ones_like(backward[:, :1])], 1).reshape(-1, 3, 3)
    forward = torch.linalg.inv_ex(square).inverse
    left, top, right, bottom = boxes.unbind(-1)
    x = torch.stack([left, right, left, right], -1)
    y = torch.stack([top, bottom, bottom, top], -1)
    corners = torch.stack([x, y, torch.ones_like(x)], -1)
    moved = corners @ forward.mT[:, None]
    places = moved[..., :2] / moved[..., 2:]
    return torch.cat([places.amin(-2), places.amax(-2)], -1)
