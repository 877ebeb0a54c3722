"""A training step as a straight line of kernels, for models that are small and always do the same.

A step of a small network spends most of its time between the kernels: in modules, in autograd's
graph and its engine. After some steps as they are written, the kernels of one are recorded and from
then on called one after the other, with the same numbers. Before a recording is used it is compared
with what the step as it is written computes, bit by bit.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn

from .note import note_of
from .recordable import is_recordable
from .snapshot import Snapshot
from .steps import Steps, optimizer_for_training
from .straight import Function, straight_line

# So many alike steps come before a recording, which takes the time that some hundred of them save,
# and a model that keeps changing is recorded so often.
_WAITS, _RECORDINGS = 100, 4

_ONE = torch.ones(())
_TRACER = Lock()  # torch's is for one thread at a time
_FUNCTION_MODES = torch._C._len_torch_function_stack
_DISPATCH_MODES = torch._C._len_torch_dispatch_stack
_SAVED_TENSOR_HOOKS = torch._C._autograd._top_saved_tensors_default_hooks


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
        self._weights: list[nn.Parameter] = []
        self._form: Any = None
        self._alike, self._left = 0, _RECORDINGS
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
        return _form(batch) == self._form and not _is_watched() and self._is_valid()

    def _run(self, batch: Any) -> bool:
        """Run the recorded step; say whether it could, which only the batch can be to blame for."""
        assert self._line is not None
        x, y, weight = batch
        scale = self._optimizer.scale_loss(_ONE)
        torch._C._set_grad_enabled(False)  # a `no_grad` block costs as much as a small kernel
        try:
            made = self._line(scale, *(part for part in batch if part is not None))
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
        form = _form(batch)
        self._alike = self._alike + 1 if form == self._form else 0
        self._form = form
        if self._alike >= _WAITS and form is not None and not _is_watched():
            self._alike, self._left = 0, self._left - 1
            if is_recordable(self._model):
                self._record([_ONE, *(part for part in batch if part is not None)])

    def _record(self, inputs: list[Tensor]) -> None:
        """Record a step on a batch, without changing anything; keep it if it gives the same."""
        self._weights = [weight for weight in self._model.parameters() if weight.requires_grad]
        state = torch.get_rng_state()
        try:
            with _TRACER:
                line, is_same = self._tried(inputs, state)
        except Exception as error:  # noqa: BLE001 - a model that cannot be recorded runs as it is
            self._give_up(f"{type(error).__name__} while its kernels were recorded")
            return
        finally:
            torch.set_rng_state(state)
        if not is_same:
            self._give_up("its kernels gave other numbers when they were recorded")
            return
        self._line, self._snapshot = line, Snapshot(self._model)
        self._say("recorded: its kernels run without autograd")

    def _tried(self, inputs: list[Tensor], state: Tensor) -> tuple[Function, bool]:
        """Return a recording, and whether it gives what the step as it is written computes."""
        expected = self._whole(*inputs)
        torch.set_rng_state(state)
        line = straight_line(self._whole, inputs)
        torch.set_rng_state(state)
        with torch.no_grad():
            found = line(*inputs)
        return line, all(map(torch.equal, expected, found))

    def _whole(self, scale: Tensor, *batch: Tensor) -> tuple[Tensor, ...]:
        """Return predictions, loss and gradients of inputs, targets and perhaps sample weights.

        The loss has the gradient `scale`, which is what an optimizer multiplies it by.
        """
        y_pred, loss = self._evaluate(*batch, *[None] * (3 - len(batch)))
        return y_pred, loss, *torch.autograd.grad(loss, self._weights, scale)

    def _give_up(self, reason: str) -> None:
        self._left = 0
        self._say(f"eager: {reason}")

    def _say(self, found: str) -> None:
        self._model._compiled.jit.found["train"] = found

    def _is_valid(self) -> bool:
        """Say whether the model is as it was recorded; if not, wait for another recording."""
        assert self._snapshot is not None
        if not self._snapshot.holds():
            self._line = self._snapshot = None
            self._alike = 0
            self._say("eager: the model has changed since its step was recorded")
        return self._line is not None


def _form(batch: Any) -> Any:
    """Return what a recording depends on, or `None` for a batch that is none of plain tensors.

    A recording tells inputs from targets by identity, and has no gradients for them.
    """
    x, y, weight = batch
    found = []
    for part in batch:
        if type(part) is Tensor and part.layout is torch.strided and not part.requires_grad:
            found.append((part.shape, part.stride(), part.dtype, part.device))
        elif part is not None:
            return None
    return None if x is y or y is weight or x is weight else found


def _is_watched() -> bool:
    """Whether torch works in a special way: hunting for NaN, casting, or telling somebody."""
    return (
        torch.is_anomaly_enabled()
        or torch.is_autocast_enabled("cpu")
        or _FUNCTION_MODES() > 0
        or _DISPATCH_MODES() > 0
        or _SAVED_TENSOR_HOOKS(False) is not None
    )
