"""How far numbers are from numbers, over many batches."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras.losses.arguments import matched, to_tensor
from torchkeras.losses.regression import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    unit,
)

from .mean import BuiltinMetric, Mean


class MeanSquaredError(BuiltinMetric):
    """The mean of `(y_true - y_pred)²`.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.MeanSquaredError()([[1.0, 2.0]], [[0.0, 4.0]]).item()
        2.5
    """

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


class MeanAbsoluteError(BuiltinMetric):
    """The mean of `|y_true - y_pred|`.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.MeanAbsoluteError()([[1.0, 2.0]], [[0.0, 4.0]]).item()
        1.5
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(BuiltinMetric):
    """100 times the mean of `|y_true - y_pred| / max(|y_true|, ε)`.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]).item()
        25.0
    """

    def __init__(
        self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(BuiltinMetric):
    """The mean of `(log(1 + y_true) - log(1 + y_pred))²`.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.MeanSquaredLogarithmicError()
        >>> round(metric([[0.0]], [[1.0]]).item(), 4)
        0.4805
    """

    def __init__(
        self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean of `(y_true - y_pred)²` over all batches.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum of the squares so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.RootMeanSquaredError()([[0.0, 0.0]], [[3.0, 3.0]]).item()
        3.0
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self._direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take a batch in.

        Args:
            y_true: The targets.
            y_pred: The predictions, of the same shape.
            sample_weight: Weights that broadcast with them.
        """
        y_true, y_pred = matched(y_true, to_tensor(y_pred, to_torch(self.dtype)))
        self._gather(torch.square(y_pred - y_true), sample_weight)

    def result(self) -> Tensor:
        """Return the root of the mean so far."""
        return torch.sqrt(super().result())


def _cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    y_true, y_pred = matched(y_true, y_pred)
    return (unit(y_true, axis) * unit(y_pred, axis)).sum(axis)


class CosineSimilarity(BuiltinMetric):
    """The cosine of the angle between `y_true` and `y_pred`: 1 is the best.

    Args:
        name: The name.
        dtype: As in `Metric`.
        axis: The axis along which the vectors lie.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Differs from Keras:
        The config keeps `axis`, which Keras's forgets.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.CosineSimilarity()([[0.0, 1.0]], [[0.0, 2.0]]).item()
        1.0
    """

    axis: int

    def __init__(
        self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(_cosine, name, dtype, "up", axis=axis)


class LogCoshError(BuiltinMetric):
    """The mean of `log(cosh(y_pred - y_true))`.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> round(torchkeras.metrics.LogCoshError()([[0.0]], [[1.0]]).item(), 4)
        0.4338
    """

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name, dtype)
