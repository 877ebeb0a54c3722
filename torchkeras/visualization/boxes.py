"""Boxes drawn on images."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from torchkeras._base.messages import missing_extra
from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.image.boxes import convert_format

from .pictures import array, batch, unit_or_bytes

_TEXT_HEIGHT = 14  # in pixels, at a `font_scale` of 1


def draw_bounding_boxes(
    images: Any,
    bounding_boxes: Mapping[str, Any],
    bounding_box_format: str,
    class_mapping: Mapping[int, str] | None = None,
    color: Sequence[int] = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> np.ndarray:
    """Return images with boxes drawn on them.

    Args:
        images: A batch; floats up to 1 are taken for parts of 255.
        bounding_boxes: `"boxes"`, `"labels"` and, if wanted, `"confidences"` of the batch. Boxes
            with the label -1 are fillers.
        bounding_box_format: The format of the boxes, such as `"xyxy"`.
        class_mapping: The names of labels, which are written beside the boxes.
        color: Red, green and blue of lines and names.
        line_thickness: The thickness of lines in pixels.
        text_thickness: The thickness of letters; 1 is the thinnest.
        font_scale: The size of letters; 1 is 14 pixels.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Returns:
        Bytes, shaped like `images`.

    Raises:
        ValueError: If a shape is wrong or a key is missing.
        TypeError: If `bounding_boxes` is no dictionary.
        ImportError: If there are names to write and Pillow is not installed.

    Differs from Keras:
        Needs no OpenCV: names are written with Pillow, on a ground of the color. Images with the
        channels first are drawn on, too.

    Example:
        >>> import numpy, torchkeras
        >>> boxes = {"boxes": [[[1.0, 1.0, 3.0, 3.0]]], "labels": [[0]]}
        >>> drawn = torchkeras.visualization.draw_bounding_boxes(
        ...     numpy.zeros((1, 5, 5, 1)), boxes, "xyxy", color=(9, 9, 9), line_thickness=1
        ... )
        >>> drawn[0, 1, :, 0].tolist()
        [0, 9, 9, 9, 0]
    """
    check_boxes(bounding_boxes)
    pictures = np.ascontiguousarray(unit_or_bytes(batch(images, data_format)))
    pictures = pictures.copy() if np.shares_memory(pictures, images) else pictures
    height, width, channels = pictures.shape[1:]
    boxes = array(
        convert_format(bounding_boxes["boxes"], bounding_box_format, "xyxy", height, width)
    )
    labels = array(bounding_boxes["labels"])
    sure = bounding_boxes.get("confidences")
    sure = None if sure is None else array(sure)
    ink = _ink(color, channels)
    for index, picture in enumerate(pictures):
        names = []
        for number, (box, label) in enumerate(zip(boxes[index], labels[index], strict=True)):
            name = int(label)
            if name == -1:
                continue
            corners = tuple(int(place) for place in box)
            _outline(picture, corners, ink, line_thickness)
            if class_mapping and name in class_mapping:
                text = str(class_mapping[name])
                text += "" if sure is None else f" | {sure[index][number]:.2f}"
                names.append((text, corners[:2]))
        if names:
            _write(picture, names, color, font_scale, text_thickness or line_thickness)
    first = standardize_data_format(data_format) == "channels_first"
    return np.moveaxis(pictures, -1, 1) if first else pictures


def check_boxes(bounding_boxes: Any) -> None:
    """Refuse what is no dictionary of boxes and labels.

    Args:
        bounding_boxes: The argument of that name.

    Raises:
        ValueError: If a key is missing.
        TypeError: If it is no dictionary.
    """
    if not isinstance(bounding_boxes, Mapping):
        raise TypeError(
            "`bounding_boxes` must be a dictionary with the keys 'boxes' and 'labels'. Received: "
            f"bounding_boxes={bounding_boxes!r}."
        )
    missing = [key for key in ("boxes", "labels") if key not in bounding_boxes]
    if missing:
        raise ValueError(
            "`bounding_boxes` must have the keys 'boxes' and 'labels'. Received the keys "
            f"{sorted(bounding_boxes)}."
        )


def _ink(color: Sequence[int], channels: int) -> np.ndarray:
    """Return a color for gray, colored or transparent images."""
    red, green, blue = (int(part) for part in tuple(color)[:3])
    if channels == 1:
        return np.array([round(0.299 * red + 0.587 * green + 0.114 * blue)], "uint8")
    return np.array([red, green, blue, 255][:channels], "uint8")


def _outline(picture: np.ndarray, corners: tuple[int, ...], ink: np.ndarray, thick: int) -> None:
    """Draw the four sides of a box, so much of them as lies in the picture."""
    left, top, right, bottom = corners
    before, after = thick // 2, thick - thick // 2
    low = [max(n - before, 0) for n in (left, top, right, bottom)]
    high = [max(n + after, 0) for n in (left, top, right, bottom)]
    for start, end in ((low[1], high[1]), (low[3], high[3])):
        picture[start:end, low[0] : high[2]] = ink
    for start, end in ((low[0], high[0]), (low[2], high[2])):
        picture[low[1] : high[3], start:end] = ink


def _write(
    picture: np.ndarray,
    names: list[tuple[str, tuple[int, ...]]],
    color: Sequence[int],
    scale: float,
    thick: int,
) -> None:
    """Write names above boxes, or into them where there is no room above."""
    try:
        drawing, fonts, image = (
            importlib.import_module(f"PIL.{name}") for name in ("ImageDraw", "ImageFont", "Image")
        )
    except ImportError as error:
        raise missing_extra("pillow", "images", "Names beside boxes") from error
    height, width, channels = picture.shape
    canvas = image.fromarray(picture[..., 0] if channels == 1 else picture)
    pen = drawing.Draw(canvas)
    font = fonts.load_default(size=max(_TEXT_HEIGHT * scale, 6))
    ground = tuple(int(part) for part in _ink(color, channels))
    light = np.dot([0.299, 0.587, 0.114], tuple(color)[:3]) > 140
    letters = tuple(int(p) for p in _ink((0, 0, 0) if light else (255, 255, 255), channels))
    for text, (left, top) in names:
        stroke = {"font": font, "stroke_width": max(thick - 1, 0)}
        x0, y0, x1, y1 = pen.textbbox((0, 0), text, **stroke)
        wide, tall = x1 - x0 + 6, y1 - y0 + 6
        x = min(max(left, 0), max(width - wide, 0))
        y = top - tall if top - tall >= 0 else min(max(top, 0), max(height - tall, 0))
        pen.rectangle((x, y, x + wide - 1, y + tall - 1), fill=ground)
        pen.text((x + 3 - x0, y + 3 - y0), text, fill=letters, **stroke)
    drawn = np.asarray(canvas)
    picture[...] = drawn[..., None] if channels == 1 else drawn
