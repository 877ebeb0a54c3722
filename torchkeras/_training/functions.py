"""A step as the function of a list of batches that Keras keeps on a model."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from torchkeras._data.batch import Batch, unpack_x_y_sample_weight

from .loop import Guard
from .step import Step


@dataclass(frozen=True)
class BatchFunction:
    """A step as a function of a list of batches, the form in which Keras keeps it."""

    step: Step
    present: Callable[[Any], Any]
    guard: Guard = nullcontext

    def __call__(self, data: Any) -> Any:
        outcome: Any = None
        for batch in data:
            known = isinstance(batch, tuple) and len(batch) == 3
            with self.guard():
                outcome = self.step(batch if known else unpack_x_y_sample_weight(batch))
        return self.present(outcome)

    def once(self, batch: Batch) -> Any:
        """Run the step on one batch.

        Args:
            batch: The batch.
        """
        with self.guard():
            return self.step(batch)


def as_batch_function(function: Any) -> BatchFunction:
    """Return a function that users made in the form of our own."""
    if isinstance(function, BatchFunction):
        return function
    return BatchFunction(lambda batch: function([batch]), as_is)


def as_is(outcome: Any) -> Any:
    """Return what a step returned."""
    return outcome
