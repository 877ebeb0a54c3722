"""The record of a run of `fit`."""

from collections.abc import Mapping
from typing import Any

from .callback import Callback, Logs


class History(Callback):
    """The metrics of every epoch, which `fit` returns.

    `history` maps each name to one number per epoch; `epoch` lists the numbers of the epochs.

    Example:
        >>> import torchkeras
        >>> record = torchkeras.callbacks.History()
        >>> record.on_train_begin()
        >>> record.on_epoch_end(0, {"loss": 0.5})
        >>> record.history
        {'loss': [0.5]}
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []

    def state_dict(self) -> dict[str, Any]:
        return {"history": self.history, "epoch": self.epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.history, self.epoch = state["history"], state["epoch"]

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        if self.model is not None:
            self.model.history = self
