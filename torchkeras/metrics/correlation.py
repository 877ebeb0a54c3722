"""How far predictions go up and down with the targets."""

from typing import Any

from torch import Tensor

from torchkeras._base.settings import epsilon
from torchkeras._symbolic.op import op
from torchkeras.losses.arguments import matched

from .mean import BuiltinMetric

_Axis = int | tuple[int, ...]


@op
def pearson_correlation(y_true: Any, y_pred: Any, axis: _Axis = -1) -> Tensor:
    """Return the covariance of both, divided by their standard deviations, along an axis.

    Args:
        y_true: The targets.
        y_pred: The predictions, of the same shape.
        axis: The axis or axes along which both go up and down.

    Returns:
        A tensor without these axes, from -1 to 1; NaN where one of the two is constant.

    Example:
        >>> import torchkeras
        >>> y_true, y_pred = [[0.0, 1.0, 0.5], [1.0, 1.0, 0.2]], [[0.1, 0.9, 0.5], [1.0, 0.9, 0.2]]
        >>> found = torchkeras.metrics.pearson_correlation(y_true, y_pred)
        >>> [round(value, 4) for value in found.tolist()]
        [1.0, 0.9934]
    """
    (true, _), (predicted, _) = (_centred(y, axis) for y in matched(y_true, y_pred))
    true = true / true.std(axis, correction=0, keepdim=True)
    predicted = predicted / predicted.std(axis, correction=0, keepdim=True)
    return (true * predicted).mean(axis)


@op
def concordance_correlation(y_true: Any, y_pred: Any, axis: _Axis = -1) -> Tensor:
    """Return `2 cov / (var₁ + var₂ + (mean₁ - mean₂)²)` along an axis.

    Args:
        y_true: The targets.
        y_pred: The predictions, of the same shape.
        axis: The axis or axes along which both go up and down.

    Returns:
        A tensor without these axes, from -1 to 1.

    Source:
        https://en.wikipedia.org/wiki/Concordance_correlation_coefficient

    Example:
        >>> import torchkeras
        >>> y_true, y_pred = [[0.0, 1.0, 0.5], [1.0, 1.0, 0.2]], [[0.1, 0.9, 0.5], [1.0, 0.9, 0.2]]
        >>> found = torchkeras.metrics.concordance_correlation(y_true, y_pred)
        >>> [round(value, 4) for value in found.tolist()]
        [0.9756, 0.9877]
    """
    (true, mean1), (predicted, mean2) = (_centred(y, axis) for y in matched(y_true, y_pred))
    spread = true.var(axis, correction=0, keepdim=True)
    spread = spread + predicted.var(axis, correction=0, keepdim=True) + (mean1 - mean2).square()
    return (2 * true * predicted / (spread + epsilon())).mean(axis)


def _centred(y: Tensor, axis: _Axis) -> tuple[Tensor, Tensor]:
    """Return values less their mean, and the mean."""
    mean = y.mean(axis, keepdim=True)
    return y - mean, mean


class PearsonCorrelation(BuiltinMetric):
    """The mean of the correlations of targets and predictions: 1 is the best.

    Args:
        name: The name.
        dtype: As in `Metric`.
        axis: The axis or axes along which both go up and down.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.PearsonCorrelation()
        >>> y_true, y_pred = [[0.0, 1.0, 0.5], [1.0, 1.0, 0.2]], [[0.1, 0.9, 0.5], [1.0, 0.9, 0.2]]
        >>> round(metric(y_true, y_pred).item(), 4)
        0.9967
    """

    axis: _Axis

    def __init__(
        self, name: str | None = "pearson_correlation", dtype: Any = None, axis: _Axis = -1
    ) -> None:
        super().__init__(pearson_correlation, name, dtype, "up", axis=axis)


class ConcordanceCorrelation(BuiltinMetric):
    """The mean of how far predictions lie on the line of the targets: 1 is the best.

    Args:
        name: The name.
        dtype: As in `Metric`.
        axis: The axis or axes along which both go up and down.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.ConcordanceCorrelation()
        >>> y_true, y_pred = [[0.0, 1.0, 0.5], [1.0, 1.0, 0.2]], [[0.1, 0.9, 0.5], [1.0, 0.9, 0.2]]
        >>> round(metric(y_true, y_pred).item(), 4)
        0.9816
    """

    axis: _Axis

    def __init__(
        self, name: str | None = "concordance_correlation", dtype: Any = None, axis: _Axis = -1
    ) -> None:
        super().__init__(concordance_correlation, name, dtype, "up", axis=axis)
