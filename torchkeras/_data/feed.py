"""Epochs over a source of batches, with a fixed number of steps or as long as the data lasts."""

import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch

from torchkeras._base.messages import positive_int
from torchkeras._base.nested import map_leaves
from torchkeras._base.replicas import REPLICAS

from .adapt import Source
from .batch import Batch
from .carried import data_state


class Feed:
    """The batches of one epoch after another.

    With `steps` an epoch takes that many batches and the next goes on where it stopped; without,
    an epoch is one pass over the data.

    Attributes:
        found_none: Whether the last epoch found the data used up.

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
        self.found_none = False
        self._argument = argument
        self._steps = None if steps is None else positive_int(argument, steps)
        self._running: Iterator[Any] | None = None
        self._taken = self._done = 0
        self._seen: int | None = None
        self.peeked: dict[str, Any] | None = None

    @property
    def num_batches(self) -> int | None:
        """The number of batches in an epoch, once it is known."""
        return self._steps or self.source.num_batches or self._seen

    def peek(self) -> Batch:
        """Return a first batch, for building what depends on it."""
        self.source.on_epoch_begin()
        if hasattr(self.source, "begun"):
            self.peeked = data_state(self.source)
        return self.source.peek(self.device)

    @property
    def runs_on(self) -> bool:
        """Whether a pass is open that the next epoch goes on with."""
        return self._running is not None

    @property
    def seen(self) -> int | None:
        """How many batches an epoch was found to have."""
        return self._seen

    def go_on(self, taken: int, done: int, seen: int | None) -> None:
        """Let the next epoch be the rest of one; the source yields the rest of a pass.

        Args:
            taken: How many batches of that pass were taken.
            done: How many of them in this epoch.
            seen: How many batches an epoch was found to have.
        """
        self._taken, self._done, self._seen = taken, done, seen

    def restart(self) -> None:
        """Let the next epoch begin with the first batch, wherever the last one stopped.

        Data sets that listen are told that an epoch ended, as Keras tells them before each run.
        """
        self._running, self._taken = None, 0
        self.source.on_epoch_end()

    def epoch(self) -> Iterator[Any]:
        """Iterate over the batches of the next epoch, or this process's part of each."""
        replicas = REPLICAS.active
        if replicas is None:
            return self._whole_epoch()
        replicas.share_randomness()
        return (replicas.part(batch, map_leaves) for batch in self._whole_epoch())

    def _whole_epoch(self) -> Iterator[Any]:
        self.source.on_epoch_begin()
        self.found_none = False
        known = self.source.num_batches
        if known == 0:
            raise ValueError(_no_batch(self.source))
        if self._steps is not None:
            done, self._done = self._done, 0
            yield from self._some(self._steps - done)
        elif known is not None:
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
            self._out_of_data(self._seen or 1, 0)
        self._seen = self._seen or count

    def _some(self, steps: int) -> Iterator[Any]:
        """Take `steps` batches, going round the data as often as needed between epochs.

        A new pass begins as soon as the last one is over, which is when Keras draws for it.
        """
        if self._running is None:
            self._running = self._pass()
        known = self.source.num_batches
        left = steps if known is None else min(steps, known - self._taken)
        taken = 0
        for batch in islice(self._running, left):
            taken += 1
            yield batch
        self._taken += taken
        if self._taken == known:
            self._running, self._taken = self._pass(), 0
        elif taken < left:
            self._running, self._taken = None, 0
        if taken < steps:
            self._out_of_data(steps, taken)
        self._seen = self._seen or taken

    def _out_of_data(self, wanted: int, found: int) -> None:
        """Warn, or raise if there never was a batch."""
        self.found_none = found == 0
        if self.found_none and not self._seen:
            raise ValueError(_no_batch(self.source))
        warnings.warn(
            f"Your input ran out of data after {found} of {wanted} batches of this epoch. Give "
            f"data for `{self._argument} * epochs` batches, or a data set or loader that can be "
            "iterated again in place of a generator that ends.",
            stacklevel=2,
        )


def _no_batch(source: Source) -> str:
    return (
        f"The {source.kind} given as data must yield at least one batch. Received: none; it may "
        "be empty, or used up by an earlier call."
    )
