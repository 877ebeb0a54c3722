"""The progress of one pass over the data: a bar that is redrawn, or plain lines."""

import sys
from collections.abc import Iterable
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np

from torchkeras._base.clock import duration

from ._console import rewrites_lines, say

_BAR_WIDTH = 20
_REDRAW_S = 0.1
_PLAIN_LINE_S = 60.0


@cache
def _bar_class() -> Any:
    """Return the class of bars; `import torchkeras` does not pay for it."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0  # no thread beside the training

    return Bar


class Progress:
    """How far a pass is, how long it takes and what the metrics are.

    Args:
        target: The number of steps, `None` if unknown.
        verbose: 0 is silent, 1 draws a bar, 2 writes one line at the end. Where lines cannot be
            written over, 1 writes plain lines, seldom.
    """

    def __init__(self, target: int | None, verbose: int) -> None:
        self.target, self.verbose = target, verbose
        self.seen = 0
        self._redraws = verbose == 1 and rewrites_lines()
        self._bar: Any = None
        self._start = perf_counter()
        self._after_first: float | None = None
        every = _REDRAW_S if self._redraws else _PLAIN_LINE_S
        self._every = every if verbose == 1 else float("inf")
        self._due = self._start + (0.0 if self._redraws else self._every)

    def due(self, seen: int) -> bool:
        """Note that `seen` steps are done; say whether it is time to show it."""
        now = perf_counter()
        self.seen = seen
        if self._after_first is None:
            self._after_first = now
        return now >= self._due

    def show(self, values: Iterable[tuple[str, Any]]) -> None:
        """Show the state now."""
        if self._redraws:
            self._draw(values)
        else:
            say(self._line(values))
        self._due = perf_counter() + self._every

    def finish(self, values: Iterable[tuple[str, Any]]) -> None:
        """Show the state for the last time, and leave it standing."""
        if self.verbose == 0:
            return
        if not self._redraws:
            say(self._line(values))
            return
        self._draw(values, done=True)
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _draw(self, values: Iterable[tuple[str, Any]], done: bool = False) -> None:
        if self._bar is None:
            self._bar = self._new_bar()
        if self._bar.total != self.target:  # the length is known at last
            self._bar.total, self._bar.bar_format = self.target, self._format()
        self._bar.n = self.seen
        text = f"{self._clock(done)} {self._per_step()}{_metrics(values)}"
        self._bar.set_description_str(text, refresh=False)
        self._bar.refresh()

    def _new_bar(self) -> Any:
        return _bar_class()(
            total=self.target,
            bar_format=self._format(),
            ascii="─━",
            file=sys.stdout,
            mininterval=float("inf"),  # only `refresh` draws
            dynamic_ncols=True,
        )

    def _format(self) -> str:
        """Return the form of a bar, or of what stands in its place while the length is unknown."""
        counted = "{n_fmt}/{total_fmt} {bar:" + str(_BAR_WIDTH) + "} {desc}"
        return counted if self.target else "{n_fmt}/Unknown {desc}"

    def _line(self, values: Iterable[tuple[str, Any]]) -> str:
        total = "Unknown" if self.target is None else self.target
        return f"{self.seen}/{total} - {self._clock(True)} - {self._per_step()}{_metrics(values)}"

    def _clock(self, done: bool) -> str:
        """Return the time it took, or the time it will still take."""
        if done or not self.target:
            return duration(perf_counter() - self._start)
        return duration(self._step_s() * (self.target - self.seen))

    def _per_step(self) -> str:
        per_step = self._step_s()
        if per_step >= 1:
            return f"{per_step:.0f}s/step"
        milli = per_step * 1e3
        return f"{milli:.0f}ms/step" if milli >= 1 else f"{milli * 1e3:.0f}us/step"

    def _step_s(self) -> float:
        """Return the seconds that a step takes; the first, which sets things up, does not count."""
        now = perf_counter()
        if self.seen > 1 and self._after_first is not None:
            return (now - self._after_first) / (self.seen - 1)
        return (now - self._start) / max(1, self.seen)


def _metrics(values: Iterable[tuple[str, Any]]) -> str:
    return "".join(f" - {name}: {_number(value)}" for name, value in values)


def _number(value: Any) -> str:
    number = value if isinstance(value, float) else float(np.mean(value))
    return f"{number:.4f}" if abs(number) > 1e-3 else f"{number:.4e}"
