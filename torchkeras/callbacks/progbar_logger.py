"""The progress bar of `fit`, `evaluate` and `predict`."""

from typing import Any

from ._console import say
from ._progress import Progress
from .callback import Callback, Logs


class ProgbarLogger(Callback):
    """A progress bar, or lines of text, on standard output.

    It is drawn anew a few times a second at most, and only then are the metrics read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.verbose: int = 1
        self.epochs: int = 1
        self.target: int | None = None
        self._progress: Progress | None = None
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        verbose = params.get("verbose", "auto")
        self.params = params
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs") or 1
        self.target = params.get("steps")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._in_fit = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.verbose and self.epochs > 1:
            say(f"Epoch {epoch + 1}/{self.epochs}")
        self._start()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._start()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._start()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        progress = self._progress or self._start()
        if progress.due(batch + 1):
            progress.show((logs or {}).items())

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self.on_train_batch_end(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.on_train_batch_end(batch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._finish(logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._finish(logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._finish(None)

    def _start(self) -> Progress:
        self._progress = Progress(self.target, self.verbose)
        return self._progress

    def _finish(self, logs: Logs | None) -> None:
        progress = self._progress or self._start()
        if self.target is None:
            self.target = progress.target = progress.seen
        progress.finish((logs or {}).items())
        self._progress = None
