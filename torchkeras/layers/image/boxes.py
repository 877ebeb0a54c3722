"""Bounding boxes: their formats, and what happens to them when images are cut and moved.

Numbers of `"xyxy"` are pixels: left, top, right, bottom; formats that begin with `"rel_"` count in
widths and heights of the image.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._state.convert import tensor

Boxes = dict[str, Any]


def _corners(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> tuple[Tensor, ...]:
    return a, b, c, d


def _swapped(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> tuple[Tensor, ...]:
    return b, a, d, c


def _from_size(x: Tensor, y: Tensor, w: Tensor, h: Tensor) -> tuple[Tensor, ...]:
    return x, y, x + w, y + h


def _to_size(x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor) -> tuple[Tensor, ...]:
    return x1, y1, x2 - x1, y2 - y1


def _from_center(x: Tensor, y: Tensor, w: Tensor, h: Tensor) -> tuple[Tensor, ...]:
    half_w, half_h = w / 2.0, h / 2.0
    return x - half_w, y - half_h, x + half_w, y + half_h


def _to_center(x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor) -> tuple[Tensor, ...]:
    w, h = x2 - x1, y2 - y1
    return x1 + w / 2.0, y1 + h / 2.0, w, h


def _from_swapped_center(y: Tensor, x: Tensor, h: Tensor, w: Tensor) -> tuple[Tensor, ...]:
    return _from_center(x, y, w, h)


def _to_swapped_center(x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor) -> tuple[Tensor, ...]:
    x, y, w, h = _to_center(x1, y1, x2, y2)
    return y, x, h, w


_Way = Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, ...]]
_WAYS: dict[str, tuple[_Way, _Way]] = {
    "xyxy": (_corners, _corners),
    "yxyx": (_swapped, _swapped),
    "xywh": (_from_size, _to_size),
    "center_xywh": (_from_center, _to_center),
    "center_yxhw": (_from_swapped_center, _to_swapped_center),
}
FORMATS = (*_WAYS, "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")


def convert_format(
    boxes: Any, source: str, target: str, height: Any = None, width: Any = None,
    dtype: Any = "float32",
) -> Any:  # fmt: skip
    """Return boxes in another format; a dictionary's `"boxes"` are replaced in a new one.

    Args:
        boxes: Boxes along the last axis, or a dictionary with them.
        source: Their format.
        target: The format wanted.
        height: The height of the image; needed if one of the formats is relative.
        width: Its width.
        dtype: The dtype of the result.

    Raises:
        ValueError: If a format is unknown, a size is missing, or there are not 4 numbers a box.

    Example:
        >>> import torchkeras
        >>> boxes = [[10.0, 20.0, 30.0, 60.0]]
        >>> torchkeras.utils.bounding_boxes.convert_format(boxes, "xyxy", "xywh")
        tensor([[10., 20., 20., 40.]])
    """
    if isinstance(boxes, dict):
        made = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return {**boxes, "boxes": made}
    source, target = source.lower(), target.lower()
    boxes = tensor(boxes)
    _check(boxes, source, target, height, width)
    boxes = boxes.to(to_torch(dtype))
    if source == target:
        return boxes
    from_relative, to_relative = source.startswith("rel_"), target.startswith("rel_")
    to_corners = _WAYS[source.removeprefix("rel_")][0]
    from_corners = _WAYS[target.removeprefix("rel_")][1]
    corners = torch.stack(to_corners(*boxes.unbind(-1)), -1)
    if from_relative != to_relative:
        size = _size(corners, height, width)
        corners = corners * size if from_relative else corners / size
    return torch.stack(from_corners(*corners.unbind(-1)), -1)


def _check(boxes: Any, source: str, target: str, height: Any, width: Any) -> None:
    if boxes.shape[-1:] != (4,):
        raise ValueError(f"`boxes` must have 4 numbers each. Received: boxes={show(boxes)}.")
    for name, given in (("source", source), ("target", target)):
        if given not in FORMATS:
            raise ValueError(f"`{name}` must be one of {FORMATS}. Received: {name}={given!r}.")
    if "rel_" in source + target and (height is None or width is None):
        raise ValueError(
            "`height` and `width` must be given for relative boxes. Received: "
            f"height={height}, width={width}, source={source!r}, target={target!r}."
        )


def size_of(image_shape: Any) -> tuple[Any, Any]:
    """Return height and width of an image of a shape `(height, width, channels)`, or nothing.

    Raises:
        ValueError: If it is not three numbers.
    """
    if image_shape is None:
        return None, None
    if not isinstance(image_shape, (tuple, list)) or len(image_shape) != 3:
        raise ValueError(
            "`image_shape` must be height, width and channels. Received: "
            f"image_shape={image_shape!r}."
        )
    height, width, _ = image_shape
    return height, width


def _size(like: Tensor, height: Any, width: Any) -> Tensor:
    """Return width and height as what boxes are divided by, for all images or one by one."""
    if isinstance(height, Tensor) or isinstance(width, Tensor):
        return torch.cat([width, height, width, height], -1).to(like.dtype)
    return like.new_tensor([width, height, width, height])


def clip_to_image_size(
    bounding_boxes: Boxes, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> Boxes:
    """Return boxes cut off at the borders of the image; labels of what is left of none are -1.

    Args:
        bounding_boxes: A dictionary of `"boxes"` and, if wanted, `"labels"`.
        height: The height of the image.
        width: Its width.
        bounding_box_format: `"xyxy"` or `"rel_xyxy"`.

    Raises:
        ValueError: If a size is missing.
        NotImplementedError: If it is another format.

    Example:
        >>> import torchkeras
        >>> boxes = {"boxes": [[-5.0, 0.0, 9.0, 4.0]], "labels": [7]}
        >>> torchkeras.utils.bounding_boxes.clip_to_image_size(boxes, 6, 8)["boxes"]
        tensor([[0., 0., 8., 4.]])
    """
    if bounding_box_format not in ("xyxy", "rel_xyxy"):
        raise NotImplementedError(
            "`bounding_box_format` must be 'xyxy' or 'rel_xyxy'. Received: "
            f"bounding_box_format={bounding_box_format!r}."
        )
    relative = bounding_box_format == "rel_xyxy"
    if not relative and (height is None or width is None):
        raise ValueError(
            "`height` and `width` must be given for boxes in pixels. Received: "
            f"height={height}, width={width}."
        )
    boxes = tensor(bounding_boxes["boxes"])
    size = 1.0 if relative else _size(boxes, height, width)
    boxes = torch.minimum(boxes.clamp(min=0), torch.as_tensor(size, dtype=boxes.dtype))
    done = {**bounding_boxes, "boxes": boxes}
    labels = bounding_boxes.get("labels")
    if labels is not None:
        wide, tall = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
        done["labels"] = torch.where(wide * tall > 0, tensor(labels), -1)
    return done


def dense(bounding_boxes: Any) -> Boxes:
    """Return boxes and labels as tensors; lists of unequal length are filled up with zeros and -1.

    Raises:
        ValueError: If they are not a dictionary of both, or do not go together.
    """
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= set(bounding_boxes):
        raise ValueError(
            "`bounding_boxes` must be a dictionary with the keys 'boxes' and 'labels'. Received: "
            f"bounding_boxes={bounding_boxes!r}."
        )
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    if isinstance(boxes, (list, tuple)):
        boxes, labels = _filled_up(boxes, labels)
    if not hasattr(boxes, "shape"):
        return dict(bounding_boxes)
    rank, label_rank = len(boxes.shape), len(labels.shape)
    if rank not in (2, 3) or label_rank not in (rank - 1, rank):
        raise ValueError(
            "`boxes` must have the shape (boxes, 4) or (batch, boxes, 4), and `labels` the same "
            f"without the 4. Received: boxes={show(boxes)}, labels={show(labels)}."
        )
    return {**bounding_boxes, "boxes": boxes, "labels": labels}


def _filled_up(boxes: Any, labels: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(labels, (list, tuple)) or len(labels) != len(boxes):
        raise ValueError(
            "Where `boxes` are a list, `labels` must be one of the same length. Received: "
            f"labels={labels!r} for {len(boxes)} boxes."
        )
    ragged = bool(boxes) and len(boxes[0]) > 0 and hasattr(boxes[0][0], "__len__")
    if not ragged:
        return torch.as_tensor(boxes, dtype=torch.float32).reshape(-1, 4), torch.as_tensor(
            labels, dtype=torch.int32
        )
    most = max(len(some) for some in boxes)
    all_boxes = torch.zeros(len(boxes), most, 4)
    all_labels = torch.full((len(boxes), most), -1, dtype=torch.int32)
    for row, (some, theirs) in enumerate(zip(boxes, labels, strict=True)):
        if len(some):
            all_boxes[row, : len(some)] = torch.as_tensor(some, dtype=torch.float32)
            all_labels[row, : len(theirs)] = torch.as_tensor(theirs, dtype=torch.int32)
    return all_boxes, all_labels


def rotated(boxes: Tensor, angle: Tensor, height: int, width: int) -> Tensor:
    """Return the boxes around the corners of boxes turned about the center, in pixels.

    Args:
        boxes: `(batch, boxes, 4)`, left, top, right, bottom.
        angle: Degrees for each image.
        height: The height of the images.
        width: Their width.
    """
    turn = -torch.deg2rad(angle)[:, None, None]
    cos, sin = turn.cos(), turn.sin()
    cx, cy = 0.5 * (width - 1), 0.5 * (height - 1)
    left, top, right, bottom = boxes.to(angle.dtype).unbind(-1)
    x = torch.stack([left, right, right, left], -1) - cx
    y = torch.stack([top, top, bottom, bottom], -1) - cy
    new_x, new_y = cos * x - sin * y + cx, sin * x + cos * y + cy
    return torch.stack([new_x.amin(-1), new_y.amin(-1), new_x.amax(-1), new_y.amax(-1)], -1)
