"""Many images in one picture."""

import importlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.image.boxes import convert_format

from .boxes import check_boxes, draw_bounding_boxes
from .masks import draw_segmentation_masks, palette
from .pictures import array, batch, check_ends, finish, new_figure, ranged

_LEAST_SIDE = 192  # in pixels: names of boxes would cover a smaller image


def plot_image_gallery(
    images: Any,
    y_true: Any = None,
    y_pred: Any = None,
    label_map: Mapping[int, str] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: Any = (0, 255),
    scale: float = 2,
    path: Any = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: int = 60,
    legend_handles: Any = None,
    data_format: str | None = None,
) -> None:
    """Show images in rows and columns, with their labels.

    Args:
        images: A batch.
        y_true: The labels.
        y_pred: The predicted labels.
        label_map: The names of labels; needed if there are labels.
        rows: The number of rows; found from the number of images if not given.
        cols: The number of columns.
        value_range: The lowest and the highest value of images.
        scale: The width and height of each image in inches.
        path: The file to save the picture in; shown if not given.
        show: Whether it is shown; if not given, if there is no `path`.
        transparent: Whether the ground of a saved picture is transparent.
        dpi: Dots per inch of a saved picture.
        legend_handles: Patches of matplotlib for a legend.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Raises:
        ValueError: If a shape is wrong, labels have no names, or both `path` and `show` are given.
        ImportError: If matplotlib is not installed.

    Differs from Keras:
        All images are shown where `rows` and `cols` are not given; Keras leaves out the last ones
        of, say, five.

    Example:
        >>> import numpy, torchkeras
        >>> images = numpy.zeros((5, 8, 8, 3))
        >>> torchkeras.visualization.plot_image_gallery(images, path="x.png")  # doctest: +SKIP
    """
    check_ends(path, show)
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ValueError(
            "`label_map` must be given where `y_true` or `y_pred` is: names of labels."
        )
    pictures = ranged(batch(images, data_format), value_range)
    rows, cols = _grid(len(pictures), rows, cols)
    figure = new_figure("A gallery", figsize=(cols * scale, rows * scale), layout="constrained")
    axes = list(figure.subplots(rows, cols, squeeze=False).flat)
    titles = _titles(y_true, y_pred, label_map or {}, len(pictures))
    for axis in axes:
        axis.axis("off")
    for axis, picture, title in zip(axes, pictures, titles, strict=False):
        gray = {"cmap": "gray", "vmin": 0, "vmax": 255} if picture.shape[-1] == 1 else {}
        axis.imshow(picture, **gray)
        axis.set_title(title, fontsize=8)
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="outside lower center", ncols=len(legend_handles))
    finish(
        figure, path, show, pad_inches=0.05, bbox_inches="tight", transparent=transparent, dpi=dpi
    )


def _grid(count: int, rows: int | None, cols: int | None) -> tuple[int, int]:
    """Return how many rows and columns there are."""
    if rows is None and cols is None:
        cols = math.ceil(math.sqrt(count))
    if rows is None:
        rows = max(math.ceil(count / (cols or 1)), 1)
    return rows, cols or max(math.ceil(count / rows), 1)


def _titles(y_true: Any, y_pred: Any, names: Mapping[int, str], count: int) -> list[str]:
    titles: list[list[str]] = [[] for _ in range(count)]
    for word, labels in (("Label", y_true), ("Pred", y_pred)):
        if labels is not None:
            for title, label in zip(titles, array(labels).reshape(-1), strict=False):
                title.append(f"{word}: {names.get(label.item(), 'Unknown')}")
    return [("  " if len("".join(title)) < 22 else "\n").join(title) for title in titles]


def plot_bounding_box_gallery(
    images: Any,
    bounding_box_format: str,
    y_true: Any = None,
    y_pred: Any = None,
    value_range: Any = (0, 255),
    true_color: Any = (0, 188, 212),
    pred_color: Any = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: Mapping[int, str] | None = None,
    ground_truth_mapping: Mapping[int, str] | None = None,
    prediction_mapping: Mapping[int, str] | None = None,
    legend: bool = False,
    legend_handles: Any = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show images with their boxes, true and predicted; small images are enlarged for the names.

    Args:
        images: A batch.
        bounding_box_format: The format of the boxes, such as `"xyxy"`.
        y_true: The boxes: a dictionary of `"boxes"`, `"labels"` and, if wanted, `"confidences"`.
        y_pred: The predicted boxes.
        value_range: The lowest and the highest value of images.
        true_color: Red, green and blue of the boxes.
        pred_color: The same of predicted ones.
        line_thickness: The thickness of lines in pixels.
        font_scale: The size of letters; 1 is 14 pixels.
        text_thickness: The thickness of letters; 1 if not given.
        class_mapping: The names of labels.
        ground_truth_mapping: The names for `y_true` alone.
        prediction_mapping: The names for `y_pred` alone.
        legend: Whether there is a legend of the two colors.
        legend_handles: Patches of matplotlib for another legend.
        rows: The number of rows; found from the number of images if not given.
        cols: The number of columns.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: More arguments of `plot_image_gallery`.

    Raises:
        ValueError: If a shape is wrong, or both `legend` and `legend_handles` are given.
        ImportError: If matplotlib is not installed.

    Example:
        >>> import numpy, torchkeras
        >>> boxes = {"boxes": [[[1.0, 1.0, 6.0, 5.0]]], "labels": [[0]]}
        >>> torchkeras.visualization.plot_bounding_box_gallery(
        ...     numpy.zeros((1, 8, 8, 3)), "xyxy", boxes, class_mapping={0: "cat"}, path="x.png"
        ... )  # doctest: +SKIP
    """
    if legend and legend_handles:
        raise ValueError("Give `legend=True` or `legend_handles`, not both.")
    pictures = ranged(batch(images, data_format), value_range)
    size = pictures.shape[1:3]
    times = max(1, _LEAST_SIDE // min(size))
    pictures = pictures.repeat(times, axis=1).repeat(times, axis=2)
    for boxes, color, names in (
        (y_true, true_color, ground_truth_mapping or class_mapping),
        (y_pred, pred_color, prediction_mapping or class_mapping),
    ):
        if boxes is not None:
            check_boxes(boxes)
            corners = convert_format(boxes["boxes"], bounding_box_format, "xyxy", *size)
            pictures = draw_bounding_boxes(
                pictures, {**boxes, "boxes": array(corners) * times}, "xyxy", names, color,
                line_thickness, text_thickness or 1, font_scale, "channels_last",
            )  # fmt: skip
    if legend:
        legend_handles = _legend(("Ground Truth", true_color), ("Prediction", pred_color))
    plot_image_gallery(
        pictures,
        rows=rows,
        cols=cols,
        legend_handles=legend_handles,
        data_format="channels_last",
        **kwargs,
    )


def _legend(*entries: tuple[str, Any]) -> list[Any]:
    patches = importlib.import_module("matplotlib.patches")
    return [patches.Patch(color=np.array(color) / 255.0, label=label) for label, color in entries]


def plot_segmentation_mask_gallery(
    images: Any,
    num_classes: int,
    value_range: Any = (0, 255),
    y_true: Any = None,
    y_pred: Any = None,
    color_mapping: Mapping[int, Any] | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show images beside themselves with their masks, true and predicted, one image a row.

    Args:
        images: A batch.
        num_classes: How many classes have a color.
        value_range: The lowest and the highest value of images.
        y_true: The class of each pixel.
        y_pred: The predicted classes.
        color_mapping: Red, green and blue of each class; if not given, black for class 0 and
            colors that are far apart for the others.
        blend: Whether the image shines through.
        alpha: How much the colors cover, from 0 to 1.
        ignore_index: The class that is not drawn.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: More arguments of `plot_image_gallery`.

    Raises:
        ValueError: If a shape is wrong.
        ImportError: If matplotlib is not installed.

    Differs from Keras:
        Keras's palette has nearly the same green for the first two classes.

    Example:
        >>> import numpy, torchkeras
        >>> images, masks = numpy.zeros((2, 8, 8, 3)), numpy.ones((2, 8, 8, 1))
        >>> torchkeras.visualization.plot_segmentation_mask_gallery(
        ...     images, 2, y_true=masks, path="x.png"
        ... )  # doctest: +SKIP
    """
    first = standardize_data_format(data_format) == "channels_first"
    pictures = ranged(batch(images, data_format), value_range)
    color_mapping = palette(num_classes) if color_mapping is None else color_mapping
    columns = [pictures]
    for masks in (y_true, y_pred):
        if masks is not None:
            classes = array(masks).astype("int32")
            classes = np.moveaxis(classes, 1, -1) if first and classes.ndim == 4 else classes
            columns.append(
                draw_segmentation_masks(
                    pictures, classes, num_classes, color_mapping, alpha, blend, ignore_index,
                    "channels_last",
                )
            )  # fmt: skip
    side_by_side = np.stack(columns, 1).reshape(-1, *pictures.shape[1:])
    plot_image_gallery(
        side_by_side,
        rows=len(pictures),
        cols=len(columns),
        data_format="channels_last",
        **kwargs,
    )
