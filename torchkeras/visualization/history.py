"""Curves of a run of `fit`."""

from collections.abc import Mapping, Sequence
from typing import Any

from torchkeras._base.messages import show as shown
from torchkeras.callbacks._curves import draw_curves, metric_names, size_of

from .pictures import check_ends, finish, new_figure


def plot_history(
    history: Any,
    metrics: Sequence[str] | None = None,
    path: Any = None,
    show: bool | None = None,
    dpi: int = 100,
) -> None:
    """Show the loss and the metrics over the epochs, training and validation in one panel.

    Args:
        history: What `fit` returned, or its dictionary.
        metrics: The metrics shown; all if not given.
        path: The file to save the picture in; shown if not given.
        show: Whether it is shown; if not given, if there is no `path`.
        dpi: Dots per inch of a saved picture.

    Raises:
        ValueError: If nothing was recorded, or there is no such metric.
        TypeError: If `history` is something else.
        ImportError: If matplotlib is not installed.

    Example:
        >>> import torchkeras
        >>> history = {"loss": [0.9, 0.5, 0.4], "val_loss": [0.8, 0.6, 0.6]}
        >>> torchkeras.visualization.plot_history(history, path="x.png")  # doctest: +SKIP
    """
    check_ends(path, show)
    record = getattr(history, "history", history)
    if not isinstance(record, Mapping):
        raise TypeError(
            "`history` must be what `fit` returned, or a dictionary of lists. Received: "
            f"history={shown(history)}."
        )
    names = metric_names(record, metrics)
    longest = max(len(record.get(key, ())) for name in names for key in (name, f"val_{name}"))
    epochs = list(getattr(history, "epoch", [])) or list(range(longest))
    figure = new_figure("A picture of a run", figsize=size_of(names), layout="constrained")
    draw_curves(figure, record, epochs, names)
    finish(figure, path, show, dpi=dpi)
