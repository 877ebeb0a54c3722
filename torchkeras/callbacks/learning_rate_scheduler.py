"""Set the learning rate at the beginning of each epoch."""

import inspect
import numbers
from collections.abc import Callable, Iterator
from typing import Any

from torchkeras._base.messages import show

from ._console import say
from .callback import Callback, Logs


class LearningRateScheduler(Callback):
    """Set the learning rate of each epoch by a function.

    Args:
        schedule: Takes the number of the epoch (from 0) and the current learning rate; returns the
            new one. A function of the epoch alone is accepted too.
        verbose: Whether to say what was set.

    Raises:
        ValueError: If the function returns no number, or the optimizer has no learning rate.

    Example:
        >>> import torchkeras
        >>> halve = torchkeras.callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.5)
        >>> halve.schedule(0, 0.1)
        0.05
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        for name, optimizer in optimizers_of(self.model):
            rate = self._set(optimizer, epoch)
            if self.verbose > 0:
                what = f"{name} learning rate" if name else "learning rate"
                say(f"\nEpoch {epoch + 1}: LearningRateScheduler setting {what} to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            log_learning_rates(self.model, logs)

    def _set(self, optimizer: Any, epoch: int) -> float:
        if not hasattr(optimizer, "learning_rate"):
            raise ValueError(
                'The optimizer must have a "learning_rate" attribute. '
                f"Received: optimizer={show(optimizer)}."
            )
        current = float(optimizer.learning_rate)
        rate = self.schedule(epoch, current) if _takes_two(self.schedule) else self.schedule(epoch)
        scalar = isinstance(rate, numbers.Real) or (hasattr(rate, "ndim") and rate.ndim == 0)
        if not scalar or isinstance(rate, bool):
            raise ValueError(
                "The output of the `schedule` function should be a float. "
                f"Received: {show(rate)} (of type {type(rate).__name__}) for epoch {epoch}."
            )
        optimizer.learning_rate = float(rate)
        return float(rate)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # no signature: a builtin
        return True
    return True


def optimizers_of(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield names and optimizers; a single optimizer has the empty name."""
    several = getattr(model.optimizer, "optimizers", None)
    if several is None:
        yield "", model.optimizer
        return
    for optimizer in several:
        yield str(optimizer.name), optimizer


def log_learning_rates(model: Any, logs: Logs) -> None:
    """Write the learning rates into the logs."""
    for name, optimizer in optimizers_of(model):
        logs[f"learning_rate_{name}" if name else "learning_rate"] = float(optimizer.learning_rate)
