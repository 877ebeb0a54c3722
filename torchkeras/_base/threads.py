"""Fewer threads while other programs keep some of the processor's cores busy.

torch splits the work of a large kernel over all cores, and the kernel ends when the last of its
threads does. A thread whose core another program is using has to wait for its turn, mostly longer
than the work takes, and the others spin meanwhile: a step of a small net takes thirty times as
long. With as many threads as there are free cores it does not.
"""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import torch

from .determinism import is_determinism_enabled

LEAVE_ALONE = "TORCHKERAS_LEAVE_THREADS"
_STALL_S = 2e-3  # a free core starts on its share in hundredths of this
_LOOK_AGAIN_S = 0.1
_SHORTEST_REST_S, _LONGEST_REST_S = 1.0, 16.0
_SHARE = 2**15  # elements that torch gives to one thread at least


@functools.cache
def switches_threads() -> bool:
    """Say whether the number of threads may change between any two calls (it costs 0.1 us)."""
    return "ATen parallel backend: OpenMP" in torch.__config__.parallel_info()


class Crew:
    """Keeps the number of torch's threads at that of the cores that are free, as far as needed.

    Several threads are the rule, and are tried again after a rest that doubles each time it turns
    out that they still stall.
    """

    def __init__(self, stalls: Callable[[int], bool]) -> None:
        self._stalls = stalls
        self._full = self._now = 0
        self._next_look = 0.0
        self._rest = _SHORTEST_REST_S
        self._is_at_work = False

    @contextmanager
    def at_work(self, step: Callable[[Any], Any]) -> Iterator[Callable[[Any], Any]]:
        """Yield the step as it runs while the crew is minded; afterwards all threads are back.

        Args:
            step: What is done with a batch.
        """
        full = torch.get_num_threads()
        if self._is_at_work or full == 1 or not _may_change():
            yield step
            return
        if full != self._full:
            self._full = self._now = full
            self._next_look = 0.0
        self._is_at_work = True
        torch.set_num_threads(self._now)
        try:
            yield self._minded(step)
        finally:
            self._is_at_work = False
            torch.set_num_threads(full)

    def _minded(self, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def minded(batch: Any) -> Any:
            if perf_counter() >= self._next_look:
                self._look()
            return step(batch)

        return minded

    def _look(self) -> None:
        was_full = self._now == self._full
        self._now = self._largest_that_runs()
        torch.set_num_threads(self._now)
        if self._now == self._full:
            self._rest, wait = _SHORTEST_REST_S, _LOOK_AGAIN_S
        else:
            self._rest = _SHORTEST_REST_S if was_full else min(2 * self._rest, _LONGEST_REST_S)
            wait = self._rest
        self._next_look = perf_counter() + wait

    def _largest_that_runs(self) -> int:
        for count in _counts(self._full):
            torch.set_num_threads(count)
            if not self._stalls(count):
                return count
        return 1


def _counts(full: int) -> list[int]:
    """Return what to try before a single thread: all, all but one, and halves."""
    halves = [full >> shift for shift in range(1, full.bit_length() - 1)]
    return sorted({full, full - 1, *halves} - {0, 1}, reverse=True)


def _stalls(count: int) -> bool:
    """Whether threads wait for cores, twice in a row: the first time may start them."""
    shared = torch.zeros(count * _SHARE, dtype=torch.uint8, device="cpu")
    return _seconds(shared) > _STALL_S and _seconds(shared) > _STALL_S


def _seconds(shared: torch.Tensor) -> float:
    start = perf_counter()
    shared.add_(1)
    return perf_counter() - start


def _may_change() -> bool:
    """Whether nobody wants sums in the order of all threads: other counts round otherwise."""
    return (
        switches_threads()
        and LEAVE_ALONE not in os.environ
        and not is_determinism_enabled()
        and not torch.are_deterministic_algorithms_enabled()
    )


CREW = Crew(_stalls)
