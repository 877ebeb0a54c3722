"""Epochs over a source of batches, with a fixed number of steps or as long as the data lasts."""

import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch

from torchkeras._base.messages import positive_int

from .adapt import Source
from .batch import Batch


class Feed:
    """The batches of one epoch after another.

    With `steps` an epoch takes that many batches and the next goes on where it stopped; without,
    an epoch is one pass over the data.

    Args:
        source: Where the batches come from.
        steps: The number of batches in an epoch.
        packed: Whether batches come as Keras packs them, for steps that users wrote.
        argument: What `steps` is called where the user gave it.
    """

    def __init__(
        self,
        source: Source,
        steps: int | None = None,
        packed: bool = False,
        argument: str = "steps_per_epoch",
    ) -> None:
        self.source, self.packed = source, packed
        self.device: torch.device | None = None
        self._steps = None if steps is None else positive_int(argument, steps)
        self._running: Iterator[Any] | None = None
        self._taken = 0
        self._seen: int | None = None

    @property
    def num_batches(self) -> int | None:
        """The number of batches in an epoch, once it is known."""
        return self._steps or self.source.num_batches or self._seen

    def peek(self) -> Batch:
        """Return a first batch, for building what depends on it."""
        return self.source.peek(self.device)

    def restart(self) -> None:
        """Let the next epoch begin with the first batch, wherever the last one stopped."""
        self._running = None

    def epoch(self) -> Iterator[Any]:
        """Iterate over the batches of the next epoch."""
        self.source.on_epoch_begin()
        if self._steps is not None:
            yield from self._some(self._steps)
        elif self.source.num_batches is not None:
            yield from self._pass()
            self.source.end_pass()
        else:
            yield from self._counted()
        self.source.on_epoch_end()

    def _pass(self) -> Iterator[Any]:
        return self.source.batches(self.device, self.packed)

    def _counted(self) -> Iterator[Any]:
        """Take what there is, and remember how much it was."""
        count = 0
        for batch in self._pass():
            count += 1
            yield batch
        if count == 0:
            _warn_out_of_data(self._seen or 1, 0)
        self._seen = self._seen or count

    def _some(self, steps: int) -> Iterator[Any]:
        """Take `steps` batches, going round the data as often as needed between epochs.

        A new pass begins as soon as the last one is over, which is when Keras draws for it.
        """
        if self._running is None:
            self._running, self._taken = self._pass(), 0
        known = self.source.num_batches
        left = steps if known is None else min(steps, known - self._taken)
        taken = 0
        for batch in islice(self._running, left):
            taken += 1
            yield batch
        self._taken += taken
        if self._taken == known:
            self._running, self._taken = self._pass(), 0
        elif taken < steps:
            self._running = None
        if taken < steps:
            _warn_out_of_data(steps, taken)


def _warn_out_of_data(wanted: int, found: int) -> None:
    warnings.warn(
        f"Your input ran out of data after {found} of {wanted} batches of this epoch. Give data "
        "for `steps_per_epoch * epochs` batches, or leave `steps_per_epoch` out.",
        stacklevel=2,
    )
