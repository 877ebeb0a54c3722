"""Predicting with a small model as a straight line of kernels, for each shape that comes often."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from torchkeras._data.transfer import mover
from torchkeras._training.steps import Steps

from .recordable import predicts_alike
from .recording import RECORDINGS, form_of, is_watched, recorded
from .snapshot import Snapshot
from .straight import Function, UnrecordableError

# So many alike batches come before a recording, which takes about the time that as many then save;
# and so many shapes are told apart.
_WAITS, _FORMS = 100, 8


class RecordedPrediction:
    """A step of `predict` that is recorded once it has been run often.

    Args:
        model: The model.
        eager: Its step as it is written.
        races: Whether it races with a compiled step: it is recorded at once, and says nothing.
    """

    def __init__(self, model: Steps, eager: Callable[[Any], Any], races: bool = False) -> None:
        self._model, self._eager = model, eager
        self._races, self._waits = races, 0 if races else _WAITS
        self._left = RECORDINGS
        self._lines: dict[Any, Function] = {}
        self._seen: dict[Any, int] = {}
        self._snapshot: Snapshot | None = None
        self._move = mover(None)
        self._is_alone = self._has_looked = False

    @contextmanager
    def alone(self, is_alone: bool) -> Iterator[None]:
        """Look at the model once inside, if nobody's code but the library's runs between batches.

        Args:
            is_alone: Whether that is so.
        """
        self._is_alone = is_alone
        try:
            yield
        finally:
            self._is_alone = self._has_looked = False

    def at_once(self, x: Any) -> Tensor | None:
        """Return the outputs for inputs of a recorded form; `None` if the step is to be run.

        That looks after everything that comes before a step too: the device, the mode, the guard.

        Args:
            x: One batch, in arrays of any kind.
        """
        if not self._lines:
            return None
        x = self._move(x)
        line = self._lines.get(form_of((x,)))
        if line is None or is_watched() or self._snapshot is None or not self._snapshot.holds():
            return None
        enabled = torch.is_grad_enabled()
        torch._C._set_grad_enabled(False)
        try:
            return line(x)[0]
        except Exception:  # noqa: BLE001 - the step as it is written says what is wrong
            return None
        finally:
            torch._C._set_grad_enabled(enabled)

    def __call__(self, batch: Any) -> Any:
        x = batch[0]
        form = form_of((x,))
        line = self._lines.get(form)
        if line is None:
            if self._left:
                self._wait(x, form)
        elif self._has_looked or (not is_watched() and self._is_valid()):
            self._has_looked = self._is_alone
            try:
                return line(x)[0]
            except Exception:  # noqa: BLE001 - the step as it is written says what is wrong
                return self._eager(batch)
        return self._eager(batch)

    def _wait(self, x: Any, form: Any) -> None:
        """Record a form once it has come often enough."""
        if form is None or (form not in self._seen and len(self._seen) >= _FORMS):
            return
        self._seen[form] = self._seen.get(form, 0) + 1
        if self._seen[form] > self._waits and not is_watched():
            self._seen[form] = 0
            self._record(x, form)

    def _record(self, x: Tensor, form: Any) -> None:
        if not predicts_alike(self._model):
            self._left = 0
            return
        line, reason = recorded(self._whole, [x])
        if line is None:
            self._left = 0
            self._say(f"eager: {reason}")
            return
        if self._snapshot is None:
            self._snapshot = Snapshot(self._model, trains=False)
        self._lines[form] = line
        self._say("recorded: its kernels run without modules")

    def _whole(self, x: Tensor) -> tuple[Tensor, ...]:
        y_pred = self._eager((x, None, None))
        if type(y_pred) is not Tensor:
            raise UnrecordableError("only one plain tensor can be returned")
        return (y_pred,)

    def _is_valid(self) -> bool:
        """Say whether the model is as it was recorded; if not, wait for other recordings."""
        assert self._snapshot is not None
        if self._snapshot.holds():
            return True
        self._left -= 1
        self._snapshot = None
        self._lines.clear()
        self._seen.clear()
        self._say("eager: the model has changed since it was recorded")
        return False

    def _say(self, found: str) -> None:
        if not self._races:
            self._model._compiled.jit.found["predict"] = found
