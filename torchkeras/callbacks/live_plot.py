"""Curves that grow while a model is trained."""

import importlib
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torchkeras._base.atomic import replacing
from torchkeras._base.messages import missing_extra

from ._console import say
from ._curves import draw_curves, metric_names, size_of
from .callback import Callback, Logs


class LivePlot(Callback):
    """Show the loss and the metrics in a notebook, drawn anew after each epoch.

    One picture stays in its place and grows. Elsewhere nothing can be drawn in place, so the
    callback says once what to do; with a `path` it keeps a file up to date, there and in notebooks.

    Args:
        metrics: The metrics shown; all if not given.
        path: A file that holds the picture after each epoch.
        dpi: Dots per inch.

    Raises:
        ImportError: If matplotlib is not installed.

    Example:
        >>> import torchkeras
        >>> plot = torchkeras.callbacks.LivePlot(metrics=["loss"])
        >>> plot.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.6})
        >>> plot.history
        {'loss': [0.5], 'val_loss': [0.6]}
    """

    def __init__(
        self, metrics: Sequence[str] | None = None, path: Any = None, dpi: int = 80
    ) -> None:
        super().__init__()
        self.metrics, self.path, self.dpi = metrics, path, dpi
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self._display: Any = None
        _figure_class()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.history, self.epoch, self._display = {}, [], None
        if self.path is None and not _in_notebook():
            say(
                "LivePlot draws in notebooks, and this is none. Give it a `path` for a file that "
                "is kept up to date, or call `visualization.plot_history` on what `fit` returns."
            )

    def state_dict(self) -> dict[str, Any]:
        return {"history": self.history, "epoch": self.epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.history, self.epoch = dict(state["history"]), list(state["epoch"])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        notebook = _in_notebook()
        if not self.history or (self.path is None and not notebook):
            return
        if self.path is not None:
            kind = Path(self.path).suffix[1:] or "png"
            with replacing(self.path) as place:
                place.write_bytes(self._drawn(kind))
        if notebook:
            self._show(self._drawn("png"))

    def _drawn(self, kind: str) -> bytes:
        names = metric_names(self.history, self.metrics)
        figure = _figure_class()(figsize=size_of(names), layout="constrained")
        draw_curves(figure, self.history, self.epoch, names)
        file = io.BytesIO()
        figure.savefig(file, format=kind, dpi=self.dpi)
        return file.getvalue()

    def _show(self, picture: bytes) -> None:
        tools = importlib.import_module("IPython.display")
        image = tools.Image(data=picture)
        if self._display is None:
            self._display = tools.display(image, display_id=True)
        else:
            self._display.update(image)


def _figure_class() -> Any:
    try:
        return importlib.import_module("matplotlib.figure").Figure
    except ImportError as error:
        raise missing_extra("matplotlib", "plot", "`LivePlot`") from error


def _in_notebook() -> bool:
    """Say whether pictures can be shown: in Jupyter's kernel, not in a terminal's IPython."""
    return "ipykernel" in sys.modules and "IPython" in sys.modules
