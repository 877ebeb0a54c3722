"""One run of `fit`: where it is, and how it goes on where another one was interrupted."""

from collections.abc import Callable
from typing import Any

import torch

from torchkeras._data.feed import Feed
from torchkeras._data.replay import Recorded
from torchkeras.callbacks import BackupAndRestore, CallbackList

from .running import Running
from .steps import overridden

State = dict[str, Any]
Restore = Callable[..., None]


class FitRun:
    """What callbacks that store a run need to know of it.

    Args:
        model: The model.
        feed: The batches.
        listeners: All callbacks.
    """

    def __init__(self, model: Running, feed: Feed, listeners: CallbackList) -> None:
        self._model, self._feed = model, feed
        self.callbacks = listeners.callbacks
        self.keeps_gradients = overridden(model, "train_step")
        self.is_inside = self.is_over = False
        self.logs: State = {}
        self._begun: tuple[State | None, int] = (None, 0)
        self._recorded: Recorded | None = None
        self._goal: State | None = None
        self._restore: Restore | None = None
        if any(isinstance(callback, BackupAndRestore) for callback in self.callbacks):
            self._recorded = Recorded(feed.source, feed.peeked)
            feed.source = self._recorded

    def __reduce__(self) -> Any:
        return (_no_run, ())  # a copy of the model is in no run

    def position(self, logs: State) -> State:
        """Return where the run is, for `go_on` in another one.

        Args:
            logs: The last logs.
        """
        assert self._recorded is not None
        data = self._recorded.position(self.is_inside, self._feed.runs_on)
        return {"inside": self.is_inside, "logs": logs, "seen": self._feed.seen, "data": data}

    def go_on(self, position: State, restore: Restore) -> None:
        """Go on where another run was, once all callbacks have been told of the beginning.

        Args:
            position: What `position` returned in that run.
            restore: Is called then, with all callbacks and whether an epoch is not over yet.
        """
        self._goal, self._restore = position, restore

    def enter(self, inside: bool) -> None:
        """Restore what is to be restored at this moment.

        Args:
            inside: Whether an epoch has begun.
        """
        self.is_inside = inside
        goal, restore = self._goal, self._restore
        if goal is None or restore is None or goal["inside"] != inside:
            return
        self._goal = self._restore = None
        if inside:
            self._settle()
        restore(self.callbacks, inside)
        self.logs = goal["logs"]
        self.is_over = self._model.stop_training
        if inside:
            every, done = self._model.steps_per_execution, goal["data"]["done"]
            self._begun = goal["logs"], -(-done // every) * every
        if self._recorded is not None:
            self._recorded.go_to(goal["data"])
            self._feed.go_on(goal["data"]["taken"], goal["data"]["done"], goal["seen"])

    def begun(self) -> tuple[State | None, int]:
        """Return, once, the logs of what was done of an epoch, and the number of the next batch."""
        begun, self._begun = self._begun, (None, 0)
        return begun

    def _settle(self) -> None:
        """Make the variables of losses and metrics, which only a first batch can do."""
        compiled = self._model._compiled
        if compiled.is_settled:
            return
        x, y, sample_weight = self._feed.source.peek(self._feed.device)
        with torch.no_grad():
            y_pred = self._model(x)
            if compiled.loss is not None:
                compiled.loss(y, y_pred, sample_weight)
            if compiled.metrics is not None:
                compiled.metrics.update_state(y, y_pred, sample_weight)


def _no_run() -> None:
    """Return what a copied model has for its run."""
