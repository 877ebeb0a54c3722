"""A training step as a straight line of kernels, for models that are small and always do the same.

A step of a small network spends most of its time between the kernels: in modules, in autograd's
graph and its engine. After some steps as they are written, the kernels of one are recorded and from
then on called one after the other, with the same numbers. Before a recording is used it is compared
with what the step as it is written computes, bit by bit.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .note import note_of
from .recordable import is_recordable
from .snapshot import Snapshot
from .steps import Steps, optimizer_for_training
from .straight import Function, straight_line

# So many alike steps come before a recording, which takes the time that some hundred of them save,
# and a model that keeps changing is recorded so often.
_WAITS, _RECORDINGS = 100, 4

_ONE = torch.ones(())


class RecordedStep:
    """A step that is recorded once it has been run often.

    Args:
        model: The model.
        eager: Its training step as it is written.
        evaluate: Computes predictions and loss from inputs, targets and sample weights.
    """

    def __init__(
        self,
        model: Steps,
        eager: Callable[[Any], None],
        evaluate: Callable[[Any, Any, Any], tuple[Any, Any]],
    ) -> None:
        self._model, self._eager, self._evaluate = model, eager, evaluate
        self._note = note_of(model._compiled)
        self._optimizer = optimizer_for_training(model)
        self._weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._form: Any = None
        self._alike, self._left = 0, _RECORDINGS
        self._line: Function | None = None
        self._snapshot: Snapshot | None = None

    def __call__(self, batch: Any) -> None:
        form = _form(batch)
        if self._line is None:
            self._wait(batch, form)
        elif form != self._form or _is_watched() or not self._is_valid() or not self._run(batch):
            self._eager(batch)

    def _run(self, batch: Any) -> bool:
        """Run the recorded step; say whether it could, which only the batch can be to blame for."""
        assert self._line is not None
        x, y, weight = batch
        torch._C._set_grad_enabled(False)  # a `no_grad` block costs as much as a small kernel
        try:
            made = self._line(x, y) if weight is None else self._line(x, y, weight)
        except Exception:  # noqa: BLE001 - the step as it is written says what is wrong
            return False
        finally:
            torch._C._set_grad_enabled(True)
        y_pred, loss, *grads = made
        for parameter, grad in zip(self._weights, grads, strict=True):
            parameter.grad = grad
        self._optimizer.step()
        self._note(x, y, y_pred, weight, loss)
        return True

    def _wait(self, batch: Any, form: Any) -> None:
        """Run a step as it is written, until enough alike batches have come."""
        self._alike = self._alike + 1 if form == self._form else 0
        self._form = form
        if self._alike >= _WAITS and self._left and form is not None and not _is_watched():
            self._alike, self._left = 0, self._left - 1
            if is_recordable(self._model):
                self._record([part for part in batch if part is not None])
        self._eager(batch)

    def _record(self, inputs: list[Tensor]) -> None:
        """Record a step on a batch, without changing anything; keep it if it gives the same."""
        state = torch.get_rng_state()
        try:
            expected = self._whole(*inputs)
            torch.set_rng_state(state)
            line = straight_line(self._whole, inputs)
            torch.set_rng_state(state)
            with torch.no_grad():
                found = line(*inputs)
        except Exception as error:  # noqa: BLE001 - a model that cannot be recorded runs as it is
            self._give_up(f"{type(error).__name__} while its kernels were recorded")
            return
        finally:
            torch.set_rng_state(state)
        if not all(map(torch.equal, expected, found)):
            self._give_up("its kernels gave other numbers when they were recorded")
            return
        self._line, self._snapshot = line, Snapshot(self._model)
        self._model._compiled.jit.found["train"] = "recorded: its kernels run without autograd"

    def _whole(self, *batch: Tensor) -> tuple[Tensor, ...]:
        """Return predictions, loss and gradients of inputs, targets and perhaps sample weights."""
        y_pred, loss = self._evaluate(*batch, *[None] * (3 - len(batch)))
        return y_pred, loss, *torch.autograd.grad(loss, self._weights, _ONE)

    def _give_up(self, reason: str) -> None:
        self._left = 0
        self._model._compiled.jit.found["train"] = f"eager: {reason}"

    def _is_valid(self) -> bool:
        """Say whether the model is as it was recorded; if not, wait for another recording."""
        assert self._snapshot is not None
        if not self._snapshot.holds():
            self._line = self._snapshot = None
            self._alike = 0
        return self._line is not None


def _form(batch: Any) -> Any:
    """Return what a recording depends on, or `None` for a batch that is none of plain tensors."""
    found = []
    for part in batch:
        if type(part) is Tensor:
            found.append((part.shape, part.stride(), part.dtype, part.device, part.requires_grad))
        elif part is not None:
            return None
    return found


def _is_watched() -> bool:
    """Whether autograd works in a special way: hunting for NaN, or casting."""
    return torch.is_anomaly_enabled() or torch.is_autocast_enabled("cpu")
