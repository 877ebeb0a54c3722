"""Masks of classes drawn on images."""

from collections.abc import Mapping
from colorsys import hsv_to_rgb
from typing import Any

import numpy as np

from torchkeras._base.messages import show

from .pictures import array, batch

_GOLDEN = 0.618034  # of the way around: no two of few steps end near each other
_STEPS = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])


def draw_segmentation_masks(
    images: Any,
    segmentation_masks: Any,
    num_classes: int | None = None,
    color_mapping: Mapping[int, Any] | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> np.ndarray:
    """Return images with the colors of classes laid over them.

    Args:
        images: A batch, from 0 to 255.
        segmentation_masks: The class of each pixel: the shape of the images without channels, or
            with one.
        num_classes: How many classes have a color; if not given, all that are found.
        color_mapping: Red, green and blue of each class; a palette if not given.
        alpha: How much the colors cover, from 0 to 1.
        blend: Whether the image shines through.
        ignore_index: The class that is not drawn.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Returns:
        Bytes with the channels last.

    Raises:
        ValueError: If a shape is wrong.
        TypeError: If the masks are not whole numbers.

    Differs from Keras:
        Without `num_classes`, all classes are drawn (Keras fails on torch); bytes come back also
        without `blend`, and masks may have no channel.

    Example:
        >>> import numpy, torchkeras
        >>> image, mask = numpy.full((1, 1, 2, 3), 100), numpy.array([[[[0], [1]]]])
        >>> torchkeras.visualization.draw_segmentation_masks(
        ...     image, mask, 2, {0: (0, 0, 0), 1: (250, 0, 0)}, alpha=0.5, ignore_index=0
        ... ).tolist()
        [[[[100, 100, 100], [175, 50, 50]]]]
    """
    pictures = batch(images, data_format).astype("float32")
    masks = _classes(segmentation_masks, pictures.shape[:3])
    if num_classes is None:
        num_classes = int(masks.max(initial=-1)) + 1
    colored = pictures.copy()
    for number in range(num_classes):
        color = number * _STEPS % 255 if color_mapping is None else color_mapping.get(number)
        if color is not None:
            colored[masks == number] = np.asarray(color, "float32")[: pictures.shape[-1]]
    if not blend:
        return colored.astype("uint8")
    mixed = pictures * np.float32(1 - alpha) + colored * np.float32(alpha)
    return np.where((masks != ignore_index)[..., None], mixed, pictures).astype("uint8")


def palette(num_classes: int) -> dict[int, tuple[int, ...]]:
    """Return colors that are far apart, black for class 0."""
    around = ((number - 1) * _GOLDEN % 1 for number in range(1, num_classes))
    colors = [tuple(round(255 * part) for part in hsv_to_rgb(hue, 0.85, 1.0)) for hue in around]
    return dict(enumerate([(0, 0, 0), *colors]))


def _classes(masks: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return masks without an axis for channels."""
    found = array(masks)
    if found.dtype.kind not in "iub":
        raise TypeError(
            "`segmentation_masks` must be whole numbers, the classes of pixels. Received: "
            f"segmentation_masks={show(masks)}."
        )
    if found.shape == (shape[0], 1, *shape[1:]):
        found = found[:, 0]
    elif found.shape == (*shape, 1):
        found = found[..., 0]
    if found.shape != shape:
        raise ValueError(
            f"`segmentation_masks` must have the shape {shape} or {(*shape, 1)}. Received: "
            f"segmentation_masks={show(masks)}."
        )
    return found
