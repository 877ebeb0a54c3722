"""The running mean of a loss."""

from typing import Any

from torch import Tensor

from torchkeras import metrics
from torchkeras._base.replicas import REPLICAS
from torchkeras._state.variable import Variable
from torchkeras.metrics.metric import held


class LossTracker(metrics.Mean):
    """A mean over samples of values that are means over batches.

    Samples are counted on the host; their number is written into the variable when it is wanted.
    """

    _direction = "down"
    _waiting = 0
    _counts_here = True  # whether all samples since the last reset were counted on the host

    def track(self, value: Tensor, count: int) -> None:
        """Take the mean of `count` samples.

        Args:
            value: A scalar, without gradient or where none is recorded.
            count: The number of samples.
        """
        if REPLICAS.active is not None:
            value, count = REPLICAS.active.mean(value), REPLICAS.active.total or count
        total = held(self.total)
        if value.device != total.device or value.dim():
            self.update_state(value, sample_weight=count)
            return
        total.add_(value, alpha=count)
        self.count_samples(count)

    def count_samples(self, count: int) -> None:
        """Count samples whose mean is in the total already.

        Args:
            count: Their number.
        """
        self._waiting += count

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take values in, as `Mean` does.

        Args:
            values: Numbers.
            sample_weight: Weights that broadcast with them.
        """
        self._write_count()
        super().update_state(values, sample_weight)

    def result(self) -> Tensor:
        """Return the mean so far; 0 if nothing has come yet."""
        if self._counts_here and self._waiting:
            return held(self.total) / self._waiting
        self._write_count()
        return super().result()

    def reset_state(self) -> None:
        """Begin again."""
        super().reset_state()
        self._waiting, self._counts_here = 0, True

    @property
    def variables(self) -> list[Variable]:
        """The variables of the metric."""
        self._write_count()
        return super().variables

    def _write_count(self) -> None:
        """Let the variable, which anyone may read or change, hold the count from now on."""
        if self._waiting:
            held(self.count).add_(self._waiting)
        self._waiting, self._counts_here = 0, False
