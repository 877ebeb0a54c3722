"""Boxes relative to anchors, as the heads of detectors learn them."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import one_of, show
from torchkeras._base.settings import epsilon
from torchkeras._state.convert import tensor
from torchkeras.layers.image.boxes import convert_format, size_of

_FORMATS = ("center_xywh", "center_yxhw")


def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Tensor:
    """Return where boxes lie relative to anchors: shifts in units of the anchors, and logarithms.

    Args:
        anchors: `(N, 4)`.
        boxes: `(N, 4)` or `(batch, N, 4)`.
        anchor_format: The format of the anchors, such as `"xyxy"`.
        box_format: The format of the boxes.
        encoding_format: The order of the numbers: `"center_yxhw"` or `"center_xywh"`.
        variance: Four numbers by which the results are divided.
        image_shape: Height, width and channels of the image, for relative boxes.

    Returns:
        The shape of the boxes.

    Raises:
        ValueError: If a format is unknown, or there are not four variances.

    Source:
        Ren et al. 2015, https://arxiv.org/abs/1506.01497

    Example:
        >>> import torchkeras
        >>> anchors, boxes = [[0.0, 0.0, 4.0, 4.0]], [[1.0, 0.0, 5.0, 4.0]]
        >>> torchkeras.utils.bounding_boxes.encode_box_to_deltas(anchors, boxes, "xyxy", "xyxy")
        tensor([[0.0000, 0.2500, 0.0000, 0.0000]])
    """
    one_of("encoding_format", encoding_format, _FORMATS)
    size = size_of(image_shape)
    given = convert_format(anchors, anchor_format, encoding_format, *size)
    wanted = convert_format(boxes, box_format, encoding_format, *size)
    sides, lengths = (x[..., 2:].clamp(min=epsilon()) for x in (given, wanted))
    shift = (wanted[..., :2] - given[..., :2]) / sides
    growth = (lengths / sides).log().expand_as(shift)
    deltas = torch.cat([shift, growth], -1)
    return deltas if variance is None else deltas / _four(variance, deltas)


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """Return the boxes that `encode_box_to_deltas` encoded.

    Args:
        anchors: `(N, 4)`, or a dictionary with those of several levels.
        boxes_delta: `(N, 4)` or `(batch, N, 4)`, or a dictionary with the same levels.
        anchor_format: The format of the anchors, such as `"xyxy"`.
        box_format: The format of the result.
        encoded_format: The order of the numbers: `"center_yxhw"` or `"center_xywh"`.
        variance: Four numbers by which the deltas are multiplied.
        image_shape: Height, width and channels of the image, for relative boxes.

    Returns:
        The shape of the deltas, or a dictionary with such.

    Raises:
        ValueError: If a format is unknown, or there are not four variances.

    Example:
        >>> import torchkeras
        >>> anchors, deltas = [[0.0, 0.0, 4.0, 4.0]], [[0.0, 0.25, 0.0, 0.0]]
        >>> torchkeras.utils.bounding_boxes.decode_deltas_to_boxes(anchors, deltas, "xyxy", "xyxy")
        tensor([[1., 0., 5., 4.]])
    """
    one_of("encoded_format", encoded_format, _FORMATS)
    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        return {
            level: decode_deltas_to_boxes(
                anchor, boxes_delta[level], anchor_format, box_format, encoded_format,
                variance, image_shape,
            )
            for level, anchor in anchors.items()
        }  # fmt: skip
    size, deltas = size_of(image_shape), tensor(boxes_delta)
    if variance is not None:
        deltas = deltas * _four(variance, deltas)
    given = convert_format(anchors, anchor_format, encoded_format, *size)
    sides = given[..., 2:]
    places = deltas[..., :2] * sides + given[..., :2], deltas[..., 2:].exp() * sides
    return convert_format(torch.cat(places, -1), encoded_format, box_format, *size)


def _four(variance: Any, like: Tensor) -> Tensor:
    found = tensor(variance).to(device=like.device, dtype=torch.float32)
    if found.shape[-1:] != (4,):
        raise ValueError(f"`variance` must be four numbers. Received: variance={show(found)}.")
    return found
