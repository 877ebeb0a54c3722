"""A training step as a straight line of kernels, for models that are small and always do the same.

A step of a small network spends most of its time between the kernels: in modules, in autograd's
graph and its engine. After some steps as they are written, the kernels of one are recorded and from
then on called one after the other, with the same numbers. Before a recording is used it is compared
with what the step as it is written computes, bit by bit.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from torchkeras._training.note import note_of
from torchkeras._training.steps import Steps, optimizer_for_training

from .recordable import is_recordable
from .recording import RECORDINGS, Forms, form_of, is_watched, recorded
from .snapshot import Snapshot
from .straight import Function, UnrecordableError

# So many alike steps come before a recording, which takes about the time that as many then save.
_WAITS = 40

_ONE = torch.ones(())


class RecordedStep:
    """A step that is recorded once it has been run often.

    Args:
        model: The model.
        eager: Its training step as it is written.
        evaluate: Computes predictions and loss from inputs, targets and sample weights.
        races: Whether it races with a compiled step: it is recorded at once, and says nothing.
    """

    def __init__(
        self,
        model: Steps,
        eager: Callable[[Any], None],
        evaluate: Callable[[Any, Any, Any], tuple[Any, Any]],
        races: bool = False,
    ) -> None:
        self._model, self._eager, self._evaluate = model, eager, evaluate
        self._note = note_of(model._compiled)
        self._optimizer = optimizer_for_training(model)
        self._weights: list[nn.Parameter] = []
        self._form: Any = None
        self._races, self._waits = races, 1 if races else _WAITS
        self._forms, self._left = Forms(), RECORDINGS
        self._line: Function | None = None
        self._snapshot: Snapshot | None = None

    def __call__(self, batch: Any) -> None:
        if self._line is None:
            if self._left:
                self._wait(batch)
            self._eager(batch)
        elif not (self._is_alike(batch) and self._run(batch)):
            self._eager(batch)

    def _is_alike(self, batch: Any) -> bool:
        """Say whether the step does to a batch what was recorded."""
        return form_of(batch) == self._form and not is_watched() and self._is_valid()

    def _run(self, batch: Any) -> bool:
        """Run the recorded step; say whether it could, which only the batch can be to blame for."""
        assert self._line is not None
        x, y, weight = batch
        scale = self._optimizer.scale_loss(_ONE)
        torch._C._set_grad_enabled(False)  # a `no_grad` block costs as much as a small kernel
        try:
            made = self._line(scale, x, y) if weight is None else self._line(scale, x, y, weight)
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

    def _wait(self, batch: Any) -> None:
        """Record a step once enough alike batches have come."""
        self._form = form_of(batch)
        if self._forms.count(self._form) > self._waits and not is_watched():
            self._forms.forget()
            self._left -= 1
            if is_recordable(self._model):
                self._record([_ONE, *(part for part in batch if part is not None)])

    def _record(self, inputs: list[Tensor]) -> None:
        """Record a step on a batch, without changing anything."""
        self._weights = [weight for weight in self._model.parameters() if weight.requires_grad]
        self._line, reason = recorded(self._whole, inputs)
        if self._line is None:
            self._left = 0
            self._say(f"eager: {reason}")
        else:
            self._snapshot = Snapshot(self._model)
            self._say("recorded: its kernels run without autograd")

    def _whole(self, scale: Tensor, *batch: Tensor) -> tuple[Tensor, ...]:
        """Return predictions, loss and gradients of inputs, targets and perhaps sample weights.

        The loss has the gradient `scale`, which is what an optimizer multiplies it by.
        """
        y_pred, loss = self._evaluate(*batch, *[None] * (3 - len(batch)))
        grads = torch.autograd.grad(loss, self._weights, scale)
        if len({grad.untyped_storage().data_ptr() for grad in grads}) < len(grads):
            raise UnrecordableError("gradients share memory, and clipping changes them in place")
        return y_pred, loss, *grads

    def _is_valid(self) -> bool:
        """Say whether the model is as it was recorded; if not, wait for another recording."""
        assert self._snapshot is not None
        if not self._snapshot.holds():
            self._line = self._snapshot = None
            self._forms.forget()
            self._say("eager: the model has changed since its step was recorded")
        return self._line is not None

    def _say(self, found: str) -> None:
        if not self._races:
            self._model._compiled.jit.found["train"] = found
