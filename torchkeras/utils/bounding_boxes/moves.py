"""Boxes of images that are moved, cut out or put into larger ones."""

import math
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.convert import tensor


def _corners(boxes: Any, bounding_box_format: str) -> Tensor:
    if bounding_box_format != "xyxy":
        raise NotImplementedError(
            "`bounding_box_format` must be 'xyxy'; `convert_format` makes such boxes. Received: "
            f"bounding_box_format={bounding_box_format!r}."
        )
    made = tensor(boxes)
    if made.shape[-1:] != (4,):
        raise ValueError(f"`boxes` must have 4 numbers each. Received: boxes={show(made)}.")
    return made


def crop(
    boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy"
) -> Tensor:
    """Return boxes as they lie in a window of the image, cut off at its borders.

    Args:
        boxes: `(..., 4)`: left, top, right, bottom.
        top: Where the window begins from above.
        left: Where it begins from the left.
        height: Its height.
        width: Its width.
        bounding_box_format: `"xyxy"`.

    Raises:
        NotImplementedError: If it is another format.
        ValueError: If there are not 4 numbers a box.

    Example:
        >>> import torchkeras
        >>> box = [[10.0, 20.0, 50.0, 60.0]]
        >>> torchkeras.utils.bounding_boxes.crop(box, top=10, left=20, height=40, width=30)
        tensor([[ 0., 10., 30., 40.]])
    """
    x1, y1, x2, y2 = _corners(boxes, bounding_box_format).unbind(-1)
    x1, x2 = (_within(x - left, width) for x in (x1, x2))
    y1, y2 = (_within(y - top, height) for y in (y1, y2))
    return torch.stack([x1, y1, x2, y2], -1)


def _within(place: Tensor, length: Any) -> Tensor:
    return place.clamp(min=0).minimum(
        torch.as_tensor(length, dtype=place.dtype, device=place.device)
    )


def pad(
    boxes: Any,
    top: Any,
    left: Any,
    height: Any = None,
    width: Any = None,
    bounding_box_format: str = "xyxy",
) -> Tensor:
    """Return boxes as they lie in an image with something added above and on the left.

    Args:
        boxes: `(..., 4)`: left, top, right, bottom.
        top: What was added above.
        left: What was added on the left.
        height: Not used.
        width: Not used.
        bounding_box_format: `"xyxy"`.

    Raises:
        NotImplementedError: If it is another format.
        ValueError: If there are not 4 numbers a box.

    Example:
        >>> import torchkeras
        >>> torchkeras.utils.bounding_boxes.pad([[0.0, 0.0, 2.0, 3.0]], top=10, left=20)
        tensor([[20., 10., 22., 13.]])
    """
    x1, y1, x2, y2 = _corners(boxes, bounding_box_format).unbind(-1)
    return torch.stack([x1 + left, y1 + top, x2 + left, y2 + top], -1)


def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Tensor:
    """Return the boxes around the corners of boxes turned, sheared, scaled and shifted.

    Each of the numbers may be one for all images or `(batch,)`.

    Args:
        boxes: `(batch, boxes, 4)` or `(boxes, 4)`: left, top, right, bottom.
        angle: Degrees against the clock.
        translate_x: The shift to the right, as a part of the width.
        translate_y: The shift down, as a part of the height.
        scale: How many times larger.
        shear_x: The shear along x in degrees.
        shear_y: The shear along y in degrees.
        height: The height of the image.
        width: Its width.
        center_x: What stays in place, as a part of the width; the middle if not given.
        center_y: The same as a part of the height.
        bounding_box_format: `"xyxy"`.

    Raises:
        NotImplementedError: If it is another format.
        ValueError: If there are not 4 numbers a box.

    Differs from Keras:
        Numbers may be plain ones, and boxes may have no batch axis.

    Example:
        >>> import torchkeras
        >>> torchkeras.utils.bounding_boxes.affine_transform(
        ...     [[1.0, 2.0, 3.0, 4.0]], 0.0, 0.5, 0.0, 1.0, 0.0, 0.0, height=9, width=9
        ... )
        tensor([[5., 2., 7., 4.]])
    """
    given = _corners(boxes, bounding_box_format)
    given = given if given.is_floating_point() else given.float()
    center = 0.5 if center_x is None else center_x, 0.5 if center_y is None else center_y
    # Sizes count as the distance of the outer pixels.
    wide, tall = width - 1, height - 1
    numbers = (angle, translate_x, translate_y, scale, shear_x, shear_y, *center)
    turn, shift_x, shift_y, zoom, slant_x, slant_y, cx, cy = (
        torch.as_tensor(n, dtype=given.dtype, device=given.device).reshape(-1, 1, 1)
        for n in numbers
    )
    cx, cy, tx, ty = cx * wide, cy * tall, -shift_x * wide, -shift_y * tall
    a0, a1, b0, b1 = (zoom * part for part in _linear(turn, slant_x, slant_y))
    left, top, right, bottom = (given if given.dim() == 3 else given[None]).unbind(-1)
    x = torch.stack([left, right, right, left], -1) - cx - tx
    y = torch.stack([top, top, bottom, bottom], -1) - cy - ty
    new_x, new_y = a0 * x + a1 * y + cx, b0 * x + b1 * y + cy
    ends = [new_x.amin(-1), new_y.amin(-1), new_x.amax(-1), new_y.amax(-1)]
    found = torch.stack(ends, -1)
    return found if given.dim() == 3 or found.shape[0] > 1 else found[0]


def _linear(angle: Tensor, shear_x: Tensor, shear_y: Tensor) -> tuple[Tensor, ...]:
    """Return the four numbers of the map that shears and turns, without its shift."""
    turn, along, down = (-degrees * (math.pi / 180.0) for degrees in (angle, shear_x, shear_y))
    slope, rest = along.tan(), turn - down
    a = rest.cos() / down.cos()
    c = -rest.sin() / down.cos()
    b, d = a * slope + turn.sin(), turn.cos() - c * slope
    return d, -b, -c, a
