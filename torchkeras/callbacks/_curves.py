"""Curves of a run: one panel for each metric, training and validation in it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

_TRAIN, _VALIDATION = "#1f77b4", "#ff7f0e"


def draw_curves(
    figure: Any, history: Mapping[str, Sequence[Any]], epochs: Sequence[int], names: Sequence[str]
) -> None:
    """Draw curves into a figure of matplotlib.

    Args:
        figure: The figure, with or without axes.
        history: One number per epoch for each name.
        epochs: The numbers of the epochs, from 0.
        names: The metrics shown.
    """
    figure.clear()
    columns = min(len(names), 3)
    panels = list(figure.subplots(math.ceil(len(names) / columns), columns, squeeze=False).flat)
    for panel in panels[len(names) :]:
        panel.axis("off")
    for panel, name in zip(panels, names, strict=False):
        _draw_panel(panel, history, epochs, name)


def size_of(names: Sequence[str]) -> tuple[float, float]:
    """Return width and height in inches of a figure for so many metrics."""
    columns = min(len(names), 3)
    return 4.2 * columns, 3.2 * math.ceil(len(names) / columns)


def metric_names(history: Mapping[str, Any], metrics: Sequence[str] | None = None) -> list[str]:
    """Return the metrics that get a panel: those asked for, or all but those of validation.

    Raises:
        ValueError: If there is nothing to show, or no such metric.
    """
    known = [
        name for name in history if name.removeprefix("val_") not in history or name[:4] != "val_"
    ]
    wanted = known if metrics is None else list(metrics)
    missing = [name for name in wanted if name not in history and f"val_{name}" not in history]
    if missing or not wanted:
        raise ValueError(
            f"`metrics` must be among {known}, which were recorded. Received: metrics={metrics!r}."
        )
    return wanted


def _draw_panel(
    panel: Any, history: Mapping[str, Sequence[Any]], epochs: Sequence[int], name: str
) -> None:
    curves = [(name, "training", _TRAIN), (f"val_{name}", "validation", _VALIDATION)]
    for key, label, color in curves:
        values = [float(value) for value in history.get(key, ())]
        if values:
            places = [epoch + 1 for epoch in epochs[-len(values) :]] or range(1, len(values) + 1)
            mark = "o" if len(values) < 15 else None
            panel.plot(places, values, color=color, label=label, marker=mark, markersize=4)
    panel.set_title(name, fontsize=11)
    panel.set_xlabel("epoch")
    panel.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    panel.grid(alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)
    if f"val_{name}" in history:
        panel.legend(frameon=False, fontsize=9)
