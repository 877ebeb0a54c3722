"""How far boxes overlap."""

import math
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._base.settings import epsilon
from torchkeras.layers.image.boxes import convert_format, size_of


def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Any = None,
) -> Tensor:
    """Return the area in which each two boxes overlap, divided by what both cover.

    Args:
        boxes1: `(M, 4)` or `(batch, M, 4)`.
        boxes2: `(N, 4)` or `(batch, N, 4)`.
        bounding_box_format: Their format, such as `"xyxy"`.
        use_masking: Whether boxes without a positive number are fillers.
        mask_val: The result of fillers.
        image_shape: Height, width and channels of the image, for relative boxes.

    Returns:
        `(M, N)` or `(batch, M, N)`.

    Raises:
        ValueError: If a shape or the format is wrong, or `image_shape` is missing.

    Example:
        >>> import torchkeras
        >>> boxes = [[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0]]
        >>> torchkeras.utils.bounding_boxes.compute_iou(boxes, boxes, "xyxy")
        tensor([[1.0000, 0.3333],
                [0.3333, 1.0000]])
    """
    size = size_of(image_shape)
    first, second = (
        _ranked(name, convert_format(boxes, bounding_box_format, "xyxy", *size))
        for name, boxes in (("boxes1", boxes1), ("boxes2", boxes2))
    )
    one, other = first[..., :, None, :], second[..., None, :, :]
    low = torch.maximum(one[..., :2], other[..., :2])
    high = torch.minimum(one[..., 2:], other[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    area1, area2 = ((box[..., 2:] - box[..., :2]).prod(-1) for box in (one, other))
    found: Tensor = shared / (area1 + area2 - shared + epsilon())
    if not use_masking:
        return found
    is_filler = (one.amax(-1) < 0) | (other.amax(-1) < 0)
    return torch.where(is_filler, float(mask_val), found)


def _ranked(name: str, boxes: Tensor) -> Tensor:
    if boxes.dim() not in (2, 3):
        raise ValueError(
            f"`{name}` must have the shape (boxes, 4) or (batch, boxes, 4). Received: "
            f"{name}={show(boxes)}."
        )
    return boxes


def compute_ciou(
    boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None
) -> Tensor:
    """Return the overlap of boxes less penalties for the distance of centers and unequal shapes.

    `iou - d² / c² - v · α`: d is the distance of the centers, c the diagonal of the box around
    both, v how far apart the aspect ratios are, and `α = v / (1 - iou + v)`.

    Args:
        boxes1: `(..., 4)`.
        boxes2: As many, compared one by one.
        bounding_box_format: Their format, such as `"xyxy"`.
        image_shape: Height, width and channels of the image, for relative boxes.

    Returns:
        The shape of the boxes without the 4.

    Raises:
        ValueError: If a shape or the format is wrong, or `image_shape` is missing.

    Differs from Keras:
        Relative boxes are taken if `image_shape` is given; Keras refuses them anyway.

    Source:
        Zheng et al. 2020, https://arxiv.org/abs/1911.08287

    Example:
        >>> import torchkeras
        >>> torchkeras.utils.bounding_boxes.compute_ciou(
        ...     [[0.0, 0.0, 2.0, 2.0]], [[1.0, 0.0, 3.0, 2.0]], "xyxy"
        ... )
        tensor([0.2564])
    """
    size, small = size_of(image_shape), epsilon()
    first, second = (
        convert_format(boxes, bounding_box_format, "xyxy", *size) for boxes in (boxes1, boxes2)
    )
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    (wide1, tall1), (wide2, tall2) = (_wide_and_tall(box, small) for box in (first, second))
    iou = shared / (wide1 * tall1 + wide2 * tall2 - shared + 2 * small)
    around = torch.maximum(first[..., 2:], second[..., 2:]) - torch.minimum(
        first[..., :2], second[..., :2]
    )
    apart = (first[..., :2] + first[..., 2:] - second[..., :2] - second[..., 2:]) / 2
    distance = apart.square().sum(-1) / (around.square().sum(-1) + small)
    angle = (wide2 / tall2).atan() - (wide1 / tall1).atan()
    shape = 4 / math.pi**2 * angle.square()
    found: Tensor = iou - distance - shape * shape / (shape - iou + (1 + small))
    return found


def _wide_and_tall(boxes: Tensor, small: float) -> tuple[Tensor, Tensor]:
    wide, tall = (boxes[..., 2:] - boxes[..., :2]).unbind(-1)
    return wide, tall + small
