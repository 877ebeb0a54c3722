"""Two ways of doing the same steps, timed turn about on real batches until the faster is known.

Each batch goes through one of the two, so none is trained twice. On an accelerator, where a call
returns before the work is done, events tell the times, and nobody waits for them: the first way
goes on until they have been passed.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch

Step = Callable[[Any], Any]

# Laps of each: the first of either may capture graphs or be recorded, and do not count.
_WARM, _TIMED = 3, 20


@dataclass(frozen=True)
class Result:
    """What a race has shown, in seconds a step.

    Attributes:
        compiled: The median of the compiled steps.
        eager: The median of the others.
        ratio: The median of what a compiled step took of the time of the eager one beside it.
    """

    compiled: float
    eager: float
    ratio: float

    @property
    def is_won(self) -> bool:
        """Whether compiled steps are no slower, which is enough, since they were asked for."""
        return self.ratio <= 1

    def said(self, compiled: str) -> str:
        """Return it in words, the winner first.

        Args:
            compiled: What the compiled step is called.
        """
        mine, other = f"{self.compiled * 1e3:.3g} ms", f"{self.eager * 1e3:.3g} ms"
        if self.is_won:
            return f"{compiled}: {mine} a step, {self.ratio:.2f} of an eager one's {other}"
        return f"eager: {other} a step; {compiled} {mine}, {self.ratio:.2f} of that"


class Lap:
    """The time of one step on a CPU."""

    def __init__(self) -> None:
        self._start = perf_counter()
        self._host = 0.0

    def stop(self) -> None:
        """End the lap."""
        self._host = perf_counter() - self._start

    def is_over(self) -> bool:
        """Say whether the time is known."""
        return True

    def seconds(self) -> float:
        """Return the time."""
        return self._host


class DeviceLap(Lap):
    """The time of one step on an accelerator: the host's or the device's, whichever is longer.

    The slower of the two is what many such steps in a row would wait for.
    """

    def __init__(self, device: torch.device) -> None:
        self._first, self._last = (torch.Event(device, enable_timing=True) for _ in range(2))
        self._first.record()
        super().__init__()

    def stop(self) -> None:
        """End the lap."""
        super().stop()
        self._last.record()

    def is_over(self) -> bool:
        """Say whether the device has done the step."""
        return self._last.query()

    def seconds(self) -> float:
        """Return the time."""
        return max(self._host, self._first.elapsed_time(self._last) / 1e3)


class Race:
    """A step that is done in two ways in turn, for a bounded number of batches.

    Args:
        compiled: The one that goes on while times are not known.
        eager: The other.
        start: Begins a lap.
        tell: Gets the result, once.
    """

    def __init__(
        self,
        compiled: Step,
        eager: Step,
        start: Callable[[], Lap],
        tell: Callable[[Result], None],
    ) -> None:
        self._ways = (compiled, eager)
        self._start, self._tell = start, tell
        self._laps: tuple[list[Lap], list[Lap]] = ([], [])
        self._turn = 0

    def __call__(self, batch: Any) -> Any:
        if self._turn >= 2 * (_WARM + _TIMED):
            return self._wait(batch)
        way = (self._turn + 1) // 2 % 2  # compiled, eager, eager, compiled: neither always leads
        lap = self._start()
        outcome = self._ways[way](batch)
        lap.stop()
        self._laps[way].append(lap)
        self._turn += 1
        return outcome

    def _wait(self, batch: Any) -> Any:
        """Tell the result if it is known; go on with the compiled step."""
        if all(laps[-1].is_over() for laps in self._laps):
            compiled, eager = ([lap.seconds() for lap in laps[_WARM:]] for laps in self._laps)
            ratios = [mine / other for mine, other in zip(compiled, eager, strict=True)]
            median = statistics.median
            self._tell(Result(median(compiled), median(eager), median(ratios)))
        return self._ways[0](batch)


def lap_on(device: torch.device) -> Callable[[], Lap]:
    """Return what begins a lap of a step on a device."""
    return Lap if device.type == "cpu" else lambda: DeviceLap(device)
