"""Stop when the loss is no number any more."""

import math

from ._console import say
from .callback import Callback, Logs


class TerminateOnNaN(Callback):
    """Stop training when the loss is NaN or infinite.

    It reads the loss after every batch, so on an accelerator every batch waits for its result.

    Args:
        raise_error: Whether to raise a `RuntimeError` rather than to stop quietly.

    Raises:
        RuntimeError: If the loss is no finite number and `raise_error` is on.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}: loss={loss}. A smaller learning "
                "rate or `clipnorm` in the optimizer often helps; look for NaN in the data too."
            )
        say(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
