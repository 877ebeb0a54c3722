"""Lower the learning rate when a metric no longer improves."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._console import say
from .callback import Logs
from .learning_rate_scheduler import log_learning_rates, optimizers_of
from .monitor_callback import MonitorCallback

_STATE = ("best", "cooldown_counter", "wait")


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by `factor` when a metric has not improved for `patience` epochs.

    Args:
        monitor: The name of the metric in the logs.
        factor: What the learning rate is multiplied by, below 1.
        patience: After how many epochs without improvement.
        verbose: Whether to say when it happens.
        mode: `"min"`, `"max"`, or `"auto"`: as the metric itself says.
        min_delta: How much better a value must be to count as better.
        cooldown: How many epochs pass after a reduction before it watches again.
        min_lr: The lowest learning rate.
        **kwargs: Ignored; older programs pass more.

    Raises:
        ValueError: If `factor` is 1 or more.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(
                "ReduceLROnPlateau does not support a factor >= 1.0. "
                f"Received: factor={factor}. A factor of 0.5 halves the learning rate."
            )
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.cooldown_counter = self.wait = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = None
        self.cooldown_counter = self.wait = 0

    def state_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _STATE}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name in _STATE:
            setattr(self, name, state[name])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        log_learning_rates(self.model, logs)
        current = self._current(logs, "Learning rate reduction is conditioned on")
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter, self.wait = self.cooldown, 0

    def _reduce(self, epoch: int) -> bool:
        """Lower what can be lowered; say whether anything was."""
        reduced = False
        for name, optimizer in optimizers_of(self.model):
            old = float(optimizer.learning_rate)
            if old <= np.float32(self.min_lr):
                continue
            new = max(old * self.factor, self.min_lr)
            optimizer.learning_rate = new
            reduced = True
            if self.verbose > 0:
                of = f" {name}" if name else ""
                say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing{of} learning rate to {new}.")
        return reduced

    def in_cooldown(self) -> bool:
        """Say whether a reduction is so recent that it does not watch yet."""
        return self.cooldown_counter > 0
