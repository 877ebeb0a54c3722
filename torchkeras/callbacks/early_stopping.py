"""Stop when a metric no longer improves."""

from collections.abc import Mapping
from typing import Any

from ._console import say
from .callback import Logs
from .monitor_callback import MonitorCallback

_STATE = ("best", "best_epoch", "best_weights", "stopped_epoch", "wait")


class EarlyStopping(MonitorCallback):
    """Stop training when a metric has not improved for `patience` epochs.

    Args:
        monitor: The name of the metric in the logs.
        min_delta: How much better a value must be to count as better.
        patience: How many epochs without improvement are borne.
        verbose: Whether to say when training stops.
        mode: `"min"`, `"max"`, or `"auto"`: as the metric itself says.
        baseline: The value that must be reached for an improvement to count.
        restore_best_weights: Whether the weights of the best epoch are put back at the end, also
            if training was not stopped.
        start_from_epoch: How many epochs pass before it watches.

    Example:
        >>> import torchkeras
        >>> torchkeras.callbacks.EarlyStopping(monitor="loss", patience=3).patience
        3
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience, self.verbose = patience, verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def state_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _STATE}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name in _STATE:
            setattr(self, name, state[name])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch)
        self.wait += 1
        if self._is_improvement(current, self.best):
            self._improved(epoch, current)
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _improved(self, epoch: int, current: Any) -> None:
        self.best, self.best_epoch = current, epoch
        if self.restore_best_weights:
            self._keep(epoch)
        if self.baseline is None or self._is_improvement(current, self.baseline):
            self.wait = 0

    def _keep(self, epoch: int) -> None:
        self.best_weights = self.model.get_weights()
        self.best_epoch = epoch

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                best = self.best_epoch + 1
                say(f"Restoring model weights from the end of the best epoch: {best}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs | None) -> Any:
        """Return the monitored value, or `None` after a warning.

        Args:
            logs: The metrics of the epoch.
        """
        return self._current(logs, "Early stopping conditioned on")
