"""Samples that are read by number, on threads if reading takes time, and grouped into batches."""

import math
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from torch.utils.data import get_worker_info

from .stages import Orders, Share, Stage

_AHEAD = 2


class Reader(Protocol):
    """Reads samples.

    Attributes:
        size: How many there are.
        is_slow: Whether samples are read on threads, each by itself.
    """

    size: int
    is_slow: bool

    def sample(self, index: int) -> Any:
        """Return one sample."""

    def batch(self, indices: Any) -> Any:
        """Return the batch of some samples, if reading is quick."""

    def join(self, samples: Sequence[Any]) -> Any:
        """Return the batch of samples that were read."""


class Reading(Stage):
    """Yields batches of samples, or single ones.

    Args:
        reader: Reads them.
        batch_size: Samples per batch; `None` for samples by themselves.
        orders: Draws the order of each pass; `None` for the order of the reader.
        errors: What is done with an error in reading one sample; it is raised if not given.
    """

    def __init__(
        self,
        reader: Reader,
        batch_size: int | None,
        orders: Orders | None = None,
        errors: Callable[[Exception], None] | None = None,
    ) -> None:
        self._reader, self.batch_size = reader, batch_size
        self._orders, self._errors = orders, errors
        self.count = None if errors else math.ceil(reader.size / (batch_size or 1))

    def skipping(self, tells: bool) -> "Reading":
        """Return the stage that leaves out samples that cannot be read."""
        return Reading(self._reader, self.batch_size, self._orders, _tell if tells else _ignore)

    def run(self, share: Share) -> Iterator[Any]:
        order = np.arange(self._reader.size)
        if self._orders is not None:
            self._orders.draw(share).shuffle(order)
        size = self.batch_size or 1
        groups = [order[start : start + size] for start in range(0, len(order), size)]
        groups = groups[share.index :: share.of]
        if not self._reader.is_slow:
            return self._quickly(groups)
        return self._on_threads(groups)

    def _quickly(self, groups: list[Any]) -> Iterator[Any]:
        if self.batch_size is None:
            return (self._reader.sample(int(group[0])) for group in groups)
        return map(self._reader.batch, groups)

    def _on_threads(self, groups: list[Any]) -> Iterator[Any]:
        """Read some batches ahead, in order, their samples at once."""
        threads = 1 if get_worker_info() is not None else _num_cpus()
        ahead = max(_AHEAD, math.ceil(_AHEAD * threads / (self.batch_size or 1)))
        waiting: deque[list[Future[Any]]] = deque()
        pool = ThreadPoolExecutor(threads, "torchkeras-reading")
        try:
            for group in groups:
                waiting.append([pool.submit(self._reader.sample, int(i)) for i in group])
                if len(waiting) > ahead:
                    yield from self._done(waiting.popleft())
            while waiting:
                yield from self._done(waiting.popleft())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, group: list["Future[Any]"]) -> Iterator[Any]:
        samples = []
        for future in group:
            try:
                samples.append(future.result())
            except (OSError, ValueError) as error:
                if self._errors is None:
                    raise
                self._errors(error)
        if samples:
            yield samples[0] if self.batch_size is None else self._reader.join(samples)


def _num_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _tell(error: Exception) -> None:
    warnings.warn(f"{error} It is left out.", stacklevel=2)


def _ignore(error: Exception) -> None:
    """Do nothing."""
