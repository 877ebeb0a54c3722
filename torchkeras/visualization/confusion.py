"""Which classes are taken for which."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from torchkeras._base.messages import one_of

from .pictures import array, check_ends, finish, new_figure

_SHARES = {"true": 1, "pred": 0, "all": None}


def plot_confusion_matrix(
    y_true: Any,
    y_pred: Any,
    class_names: Sequence[str] | None = None,
    normalize: str | None = None,
    path: Any = None,
    show: bool | None = None,
    dpi: int = 100,
) -> np.ndarray:
    """Show how often each class was taken for each, true ones in rows, predicted in columns.

    Args:
        y_true: The classes, as numbers or one-hot.
        y_pred: The predicted classes, or probabilities or logits of each; a single probability
            counts as class 1 above 0.5.
        class_names: The names of the classes.
        normalize: `"true"`, `"pred"` or `"all"` for shares of rows, columns or of all.
        path: The file to save the picture in; shown if not given.
        show: Whether it is shown; if not given, if there is no `path`.
        dpi: Dots per inch of a saved picture.

    Returns:
        The matrix, `(classes, classes)`.

    Raises:
        ValueError: If the numbers of labels, predictions or names do not go together.
        ImportError: If matplotlib is not installed.

    Example:
        >>> import torchkeras
        >>> torchkeras.visualization.plot_confusion_matrix([0, 1, 1], [0, 1, 0], show=False)
        array([[1, 0],
               [1, 1]])
    """
    check_ends(path, show)
    found = matrix(_classes(y_true), _classes(y_pred), class_names)
    if normalize is not None:
        axis = _SHARES[one_of("normalize", normalize, tuple(_SHARES))]
        total = found.sum(axis=axis, keepdims=True)
        found = found / np.where(total == 0, 1, total)
    if path is not None or show is None or show:
        side = 1.8 + 0.55 * len(found)
        size = (side + 0.9, side)
        figure = new_figure("A confusion matrix", figsize=size, layout="constrained")
        _draw(figure, found, class_names)
        finish(figure, path, show, dpi=dpi)
    return found


def matrix(true: np.ndarray, pred: np.ndarray, names: Sequence[str] | None) -> np.ndarray:
    """Return how often each class was taken for each.

    Raises:
        ValueError: If the numbers of labels, predictions or names do not go together.
    """
    if len(true) != len(pred) or not len(true):
        raise ValueError(
            "`y_true` and `y_pred` must have the same length. Received: "
            f"{len(true)} labels and {len(pred)} predictions."
        )
    if min(true.min(), pred.min()) < 0:
        raise ValueError("Classes must be numbers from 0. Received one below.")
    count = int(max(true.max(), pred.max())) + 1
    if names is not None and len(names) < count:
        raise ValueError(
            f"`class_names` must name {count} classes. Received: class_names={list(names)!r}."
        )
    count = count if names is None else len(names)
    flat = np.bincount(true * count + pred, minlength=count * count)
    return flat.reshape(count, count)


def _classes(given: Any) -> np.ndarray:
    """Return class numbers for numbers, one-hot vectors, probabilities or logits."""
    values = array(given)
    if values.ndim > 1 and values.shape[-1] > 1:
        return values.argmax(-1).reshape(-1).astype("int64")
    values = values.reshape(-1)
    if values.dtype.kind == "f" and (values % 1 != 0).any():
        return (values > 0.5).astype("int64")
    return values.astype("int64")


def _draw(figure: Any, found: np.ndarray, names: Sequence[str] | None) -> None:
    axis = figure.subplots()
    highest = max(found.max(), 1e-9)
    picture = axis.imshow(found, cmap="Blues", vmin=0, vmax=highest)
    bar = figure.colorbar(picture, ax=axis, fraction=0.046, pad=0.04)
    if found.dtype.kind in "iu":
        bar.ax.yaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    places = range(len(found))
    labels = [str(n) for n in (names or places)]
    slant = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axis.set_xticks(places, labels, **(slant if max(map(len, labels)) > 3 else {}))
    axis.set_yticks(places, labels)
    axis.set_xlabel("predicted")
    axis.set_ylabel("true")
    form = "d" if found.dtype.kind in "iu" else ".2f"
    for row, column in np.ndindex(found.shape):
        color = "white" if found[row, column] > 0.6 * highest else "black"
        text = format(found[row, column], form)
        axis.text(column, row, text, ha="center", va="center", color=color, fontsize=8)
