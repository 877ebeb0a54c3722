"""What callbacks share that watch one metric."""

import warnings
from collections.abc import Callable
from typing import Any

from torchkeras import ops

from .callback import Callback, Logs

_MODES = ("auto", "min", "max")


class MonitorCallback(Callback):
    """A callback that watches a metric and knows which way is better.

    Args:
        monitor: The name of the metric in the logs.
        mode: `"min"`, `"max"`, or `"auto"`: as the metric itself says.
        baseline: The value to beat at first; `None` if the first value is the best so far.
        min_delta: How much better a value must be to count as better.

    Raises:
        ValueError: If `mode` is `"auto"` and nothing says which way is better.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        if mode not in _MODES:
            warnings.warn(
                f"`mode` must be one of {', '.join(_MODES)}. Received: mode={mode!r}. "
                f"{type(self).__name__} falls back to auto mode.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor, self.mode = monitor, mode
        self.best: Any = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op: Callable[[Any, Any], Any] | None = None

    def _set_monitor_op(self) -> None:
        """Settle which way is better, which only a built model's metrics can say."""
        up = self.mode == "max" or (self.mode == "auto" and self._is_better_up())
        self.monitor_op = ops.greater if up else ops.less
        if not up:
            self.min_delta = -self.min_delta

    def _is_better_up(self) -> bool:
        name = self.monitor.removeprefix("val_")
        for known, metric in _named(getattr(self.model, "metrics", [])):
            direction = getattr(metric, "_direction", None)
            if direction and (name == known or name.endswith(f"_{known}")):
                return bool(direction == "up")
        if name == "loss" or name.endswith("_loss"):
            return False
        raise ValueError(
            f"{type(self).__name__} cannot tell whether `monitor={self.monitor!r}` should grow or "
            "shrink. Pass `mode='max'` or `mode='min'`."
        )

    def _is_improvement(self, monitor_value: Any, reference_value: Any) -> bool:
        if reference_value is None:
            return True
        assert self.monitor_op is not None
        return bool(self.monitor_op(monitor_value - self.min_delta, reference_value))

    def _current(self, logs: Logs | None, purpose: str) -> Any:
        """Return the monitored value, after a warning if it is missing."""
        if self.monitor_op is None:
            self._set_monitor_op()
        value = (logs or {}).get(self.monitor)
        if value is None:
            available = ",".join(logs or {})
            warnings.warn(
                f"{purpose} metric `{self.monitor}` which is not available. "
                f"Available metrics are: {available}",
                stacklevel=4,
            )
        return value


def _named(metrics: Any) -> list[tuple[str, Any]]:
    """Return names and metrics, those inside of containers too; exact names come first."""
    found: list[tuple[str, Any]] = []
    for metric in metrics:
        inner = getattr(metric, "metrics", None)
        found += [(metric.name, metric)] if inner is None else _named(inner)
    return sorted(found, key=lambda pair: -len(pair[0]))
