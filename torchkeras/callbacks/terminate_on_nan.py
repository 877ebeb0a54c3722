"""Stop when the loss is no number any more, or keep such a step from the weights."""

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from torchkeras._base.messages import one_of

from ._console import say
from ._step_guard import StepGuard, WouldHurt
from .callback import Callback, Logs

_MODES = ("stop", "raise", "skip")
_LAG = 8


class TerminateOnNaN(Callback):
    """Stop training when the loss is NaN or infinite.

    By default the loss is looked at after each batch, as in Keras; on an accelerator a few batches
    later, so that none has to wait. The weights are then NaN too. The modes `"raise"` and `"skip"`
    look at the gradients before each update, for which an accelerator waits at every batch. They
    leave a `LossScaleOptimizer` alone, which leaves bad updates out by itself.

    Args:
        raise_error: Whether a bad loss raises a `RuntimeError` rather than to stop quietly.
        mode: `"stop"`: look at the loss after the update. `"raise"`: raise before an update with
            gradients that are not finite, so that the weights are still good. `"skip"`: leave such
            a batch out, as if it had not been there: weights, statistics, metrics and optimizer
            stay as they were, and training goes on.

    Attributes:
        skipped: How many batches were left out.

    Raises:
        RuntimeError: If the loss or a gradient is not finite, and an error is wanted.

    Differs from Keras:
        `mode` is new.

    Example:
        >>> import torchkeras
        >>> torchkeras.callbacks.TerminateOnNaN(mode="skip").skipped
        0
    """

    def __init__(self, raise_error: bool = False, mode: str = "stop") -> None:
        super().__init__()
        self.raise_error = raise_error
        self.mode = one_of("mode", mode, _MODES)
        self.skipped = 0
        self._just_skipped = False
        self._waiting: deque[tuple[int, Any]] = deque()

    def state_dict(self) -> dict[str, Any]:
        return {"skipped": self.skipped}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.skipped = state["skipped"]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.skipped = 0
        self._waiting.clear()

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.mode == "skip":
            if self._just_skipped:
                self._just_skipped = False
                say(f"Batch {batch}: Invalid gradients, batch skipped")
            return
        loss = _unread_loss(logs)
        if loss is None:
            return
        self._waiting.append((batch, loss))
        if len(self._waiting) > _lag(loss):
            self._look(*self._waiting.popleft())

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        while self._waiting:
            self._look(*self._waiting.popleft())

    def _look(self, batch: int, loss: Any) -> None:
        if math.isfinite(loss):
            return
        self._waiting.clear()
        if self.raise_error or self.mode == "raise":
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}: loss={float(loss)}. A smaller "
                "learning rate or `clipnorm` in the optimizer often helps; look for NaN in the "
                "data too."
            )
        say(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True

    def _guard_step(self, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a step that does not update the weights with bad gradients."""
        if self.mode == "stop":
            return step
        guard = StepGuard(self.model, restores=self.mode == "skip")

        def guarded(batch: Any) -> Any:
            try:
                return guard.run(step, batch)
            except WouldHurt:
                if self.mode == "raise":
                    raise RuntimeError(
                        "NaN or Inf gradients encountered; the weights are as they were before "
                        "this batch. A smaller learning rate or `clipnorm` in the optimizer often "
                        "helps; look for NaN in the data too. `mode='skip'` leaves such a batch "
                        "out."
                    ) from None
            self.skipped += 1
            self._just_skipped = True
            return guard.last_outcome()

        return guarded


def _unread_loss(logs: Any) -> Any:
    """Return the loss as it is in the logs: reading it would make the host wait."""
    raw = getattr(logs, "raw", None)
    return (raw() if raw is not None else logs or {}).get("loss")


def _lag(loss: Any) -> int:
    """Return how many batches later a loss is looked at."""
    return _LAG if isinstance(loss, Tensor) and loss.device.type != "cpu" else 0
