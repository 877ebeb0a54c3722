"""The running mean of a loss."""

from torch import Tensor

from torchkeras import metrics
from torchkeras._state.variable import Variable
from torchkeras.metrics.metric import held


class LossTracker(metrics.Mean):
    """A mean over samples of values that are means over batches.

    Samples are counted on the host, and their number is written down when it is wanted.
    """

    _direction = "down"
    _waiting = 0

    def track(self, value: Tensor, count: int) -> None:
        """Take the mean of `count` samples.

        Args:
            value: A scalar, without gradient or where none is recorded.
            count: The number of samples.
        """
        total = held(self.total)
        if value.device != total.device or value.dim():
            self.update_state(value, sample_weight=count)
            return
        total.add_(value, alpha=count)
        self._waiting += count

    def result(self) -> Tensor:
        """Return the mean so far; 0 if nothing has come yet."""
        self._write_count()
        return super().result()

    def reset_state(self) -> None:
        """Begin again."""
        self._waiting = 0
        super().reset_state()

    @property
    def variables(self) -> list[Variable]:
        """The variables of the metric."""
        self._write_count()
        return super().variables

    def _write_count(self) -> None:
        if self._waiting:
            held(self.count).add_(self._waiting)
            self._waiting = 0
