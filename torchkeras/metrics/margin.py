"""Hinge losses over many batches."""

from typing import Any

from torchkeras.losses.margin import categorical_hinge, hinge, squared_hinge

from .mean import BuiltinMetric


class Hinge(BuiltinMetric):
    """The mean of `max(1 - y_true y_pred, 0)`.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.Hinge()([[-1.0, 1.0]], [[0.5, 2.0]]).item()
        0.75
    """

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(BuiltinMetric):
    """The mean of `max(1 - y_true y_pred, 0)²`.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.SquaredHinge()([[-1.0, 1.0]], [[1.0, 2.0]]).item()
        2.0
    """

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(BuiltinMetric):
    """The mean of `max(1 + max((1 - y_true) y_pred) - Σ y_true y_pred, 0)`.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]).item()
        0.5
    """

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name, dtype)
