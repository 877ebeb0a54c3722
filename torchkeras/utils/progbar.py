"""`Progbar`: the progress of a loop that users write."""

import math
from collections.abc import Iterable
from time import perf_counter
from typing import Any

import numpy as np

from torchkeras._base.clock import duration
from torchkeras._base.console import write
from torchkeras.callbacks._console import rewrites_lines

_PLAIN_LINE_S = 60.0


class Progbar:
    """A progress bar with the means of metrics behind it.

    Where lines cannot be written over (in a file, say), it writes plain lines, seldom.

    Args:
        target: The number of steps; `None` if unknown.
        width: The width of the bar.
        verbose: 0 is silent, 1 draws a bar, 2 writes one line at the end.
        interval: The seconds between two drawings, at least.
        stateful_metrics: Names of metrics that are shown as they are, not averaged.
        stateless_metrics: Names of metrics that are averaged, if not all but some are.
        unit_name: What a step is called.

    Raises:
        ValueError: If both kinds of metrics are named.

    Example:
        >>> import torchkeras
        >>> bar = torchkeras.utils.Progbar(target=2, verbose=2)
        >>> bar.add(1, values=[("loss", 1.0)])
        >>> bar.add(1, values=[("loss", 3.0)])
        2/2 - 0s - ... - loss: 3.0000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Only one of `stateful_metrics` and `stateless_metrics` may be given: all others "
                "are of the other kind. Received both."
            )
        self.target, self.width, self.verbose = target, width, verbose
        self.interval, self.unit_name = interval, unit_name
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self.stateful_metrics = (
            None if stateless_metrics is not None else set(stateful_metrics or ())
        )
        self._values: dict[str, tuple[Any, float]] = {}
        self._seen_so_far = 0
        self._start = perf_counter()
        self._after_first: float | None = None
        self._redraws = rewrites_lines()
        self._last_update = -math.inf if self._redraws else self._start
        self._last_width = 0

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Show that `current` steps are done.

        Args:
            current: The number of steps done.
            values: Pairs of the name of a metric and its value in the last step.
            finalize: Whether nothing more comes; if not given, whether the target is reached.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._take(name, value, max(current - self._seen_so_far, 1), finalize)
        self._seen_so_far = current
        now = perf_counter()
        step_s = self._step_s(current, now)
        if self.verbose == 1 and (finalize or self._is_due(now)):
            self._draw(self._line(current, step_s, now, finalize), finalize)
            self._last_update = now
        elif self.verbose == 2 and finalize:
            write(self._plain(current, step_s, now) + "\n")

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Show that `n` more steps are done.

        Args:
            n: The number of steps done since the last time.
            values: Pairs of the name of a metric and its value in the last step.
        """
        self.update(self._seen_so_far + n, values)

    def _take(self, name: str, value: Any, steps: int, finalize: bool) -> None:
        if self.stateful_metrics is not None:
            is_averaged = name not in self.stateful_metrics
        else:
            is_averaged = name in (self.stateless_metrics or ())
        if not is_averaged or finalize or name not in self._values:
            weight = steps if is_averaged and not finalize else 1
            self._values[name] = (value * weight, weight)
            return
        total, count = self._values[name]
        self._values[name] = (total + value * steps, count + steps)

    def _is_due(self, now: float) -> bool:
        every = self.interval if self._redraws else max(self.interval, _PLAIN_LINE_S)
        return now - self._last_update >= every

    def _draw(self, line: str, finalize: bool) -> None:
        start = "\r" if self._redraws else ""
        padding = " " * (self._last_width - len(line)) if self._redraws else ""
        self._last_width = len(line)
        end = "\n" if finalize or not self._redraws else ""
        write(f"{start}{line}{padding}{end}")

    def _line(self, current: int, step_s: float, now: float, finalize: bool) -> str:
        if not self._redraws:
            return self._plain(current, step_s, now)
        clock = duration(now - self._start)
        bar = f"{current:7d}/Unknown"
        if self.target:
            done = min(self.width, int(self.width * current / self.target))
            digits = len(str(self.target))
            bar = f"{current:{digits}d}/{self.target} {'━' * done}{'─' * (self.width - done)}"
            clock = clock if finalize else duration(step_s * (self.target - current))
        return f"{bar} {clock} {self._per_step(step_s)}{self._metrics()}"

    def _plain(self, current: int, step_s: float, now: float) -> str:
        total = self.target or "Unknown"
        clock = duration(now - self._start)
        return f"{current}/{total} - {clock} - {self._per_step(step_s)}{self._metrics()}"

    def _step_s(self, current: int, now: float) -> float:
        """Return the seconds of a step; the first, which sets things up, does not count."""
        if not current:
            return 0.0
        if self._after_first is not None and current > 1:
            return (now - self._after_first) / (current - 1)
        if current == 1:
            self._after_first = now
        return (now - self._start) / current

    def _per_step(self, step_s: float) -> str:
        if step_s >= 1 or step_s == 0:
            return f"{step_s:.0f}s/{self.unit_name}"
        milli = step_s * 1e3
        number = f"{milli:.0f}ms" if milli >= 1 else f"{milli * 1e3:.0f}us"
        return f"{number}/{self.unit_name}"

    def _metrics(self) -> str:
        shown = []
        for name, (total, count) in self._values.items():
            mean = float(np.mean(total)) / max(1, count)
            shown.append(f" - {name}: {mean:.4f}" if abs(mean) > 1e-3 else f" - {name}: {mean:.4e}")
        return "".join(shown)
