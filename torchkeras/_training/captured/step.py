"""A training step as one graph of kernels, which a GPU is told to launch with a single call.

A GPU is quicker at the kernels of a small network than Python at launching them. After some steps
as they are written, one is recorded as a CUDA graph, and from then on replayed for batches of the
same form; others, such as the last one of an epoch, run as they are written. Before a recording is
trusted, some of its replays are compared with what the step as it is written does.
"""

from collections.abc import Callable
from typing import Any

from torchkeras._training.added import AddedLosses
from torchkeras._training.recorded.recording import RECORDINGS, Forms, is_watched
from torchkeras._training.steps import Steps

from .capturable import is_wanted, place_of, why_not
from .capture import Capture, Trial, form_of_batch
from .cuda_graph import GRAPHS
from .device_step import DeviceStep, Evaluate

# So many alike steps come before a recording; by then torch has chosen its kernels.
_WAITS = 20
# So many replays are compared: numbers that should have changed between them show.
_CHECKS = 3

Step = Callable[[Any], Any]


def captured_step(
    model: Steps, eager: Step, evaluate: Evaluate, added: AddedLosses
) -> "CapturedStep | None":
    """Return a training step that is captured, or `None` if it cannot be.

    Args:
        model: The model, compiled and settled.
        eager: Its training step as it is written.
        evaluate: Computes predictions and loss from inputs, targets and sample weights.
        added: What layers and regularizers add to the loss.
    """
    if not is_wanted(model) or place_of(model) is None:
        return None
    reason = why_not(model, added)
    if reason:
        model._compiled.jit.found["train"] = f"eager: not captured, since {reason}"
        return None
    return CapturedStep(model, eager, evaluate, added)


class CapturedStep:
    """A step that is captured once it has been run often.

    Args:
        model: The model.
        eager: Its training step as it is written.
        evaluate: Computes predictions and loss from inputs, targets and sample weights.
        added: What regularizers add to the loss.
    """

    def __init__(self, model: Steps, eager: Step, evaluate: Evaluate, added: AddedLosses) -> None:
        self._model, self._eager, self._evaluate, self._added = model, eager, evaluate, added
        self._forms, self._left, self._unchecked = Forms(), RECORDINGS, _CHECKS
        self._capture: Capture | None = None

    def __call__(self, batch: Any) -> None:
        if self._capture is None:
            if self._left:
                self._wait(batch)
            self._eager(batch)
        elif not (self._capture.takes(batch) and self._is_valid()):
            self._eager(batch)
        elif self._unchecked:
            self._check(self._capture, batch)
        else:
            self._capture.run(batch)

    def _wait(self, batch: Any) -> None:
        """Capture a step once enough alike batches have come."""
        if self._forms.count(form_of_batch(batch)) <= _WAITS or is_watched():
            return
        self._forms.forget()
        self._left -= 1
        try:
            self._record(batch)
        except Exception as error:  # noqa: BLE001 - a step that cannot be captured runs as it is
            self._give_up(_told(error, "recorded"))

    def _record(self, batch: Any) -> None:
        """Capture a step on a batch, without changing anything."""
        place = place_of(self._model)
        if place is None:
            self._give_up("the model is on another device")
            return
        graph = GRAPHS[place.type](place)
        reason = why_not(self._model, self._added) or graph.refuses()
        if reason:
            self._give_up(reason)
            return
        step = DeviceStep(self._model, self._evaluate, self._added, place)
        self._capture, self._unchecked = Capture(step, graph, batch), _CHECKS
        self._say(f"eager: captured, and compared in {_CHECKS} steps before it is trusted")

    def _check(self, capture: Capture, batch: Any) -> None:
        """Train on a batch as it is written, and compare."""
        trial: Trial | None = None
        reason = "its kernels gave other numbers when they were replayed"
        try:
            trial = capture.try_on(batch)
        except Exception as error:  # noqa: BLE001 - everything is as it was
            reason = _told(error, "tried")
        self._eager(batch)
        if trial is None or not trial.agrees():
            self._give_up(reason)
            return
        self._unchecked -= 1
        if not self._unchecked:
            self._say("captured: a graph of its kernels is replayed")

    def _is_valid(self) -> bool:
        """Say whether the model is as it was captured; if not, wait for another capture."""
        assert self._capture is not None
        if not self._capture.holds():
            self._capture = None
            self._forms.forget()
            self._say("eager: the model has changed since its step was captured")
        return self._capture is not None

    def _give_up(self, reason: str) -> None:
        self._capture, self._left = None, 0
        self._say(f"eager: not captured, since {reason}")

    def _say(self, found: str) -> None:
        self._model._compiled.jit.found["train"] = found


def _told(error: Exception, what: str) -> str:
    first = (str(error).strip() or repr(error)).splitlines()[0][:200]
    return f"{type(error).__name__} while it was {what}: {first}"
