"""Crossentropies and divergences over many batches."""

from typing import Any

from torchkeras.losses.crossentropy import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from torchkeras.losses.probabilistic import kl_divergence, poisson

from .mean import BuiltinMetric


class KLDivergence(BuiltinMetric):
    """The mean of `Σ y_true log(y_true / y_pred)` over the last axis.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]).item()
        0.0
    """

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(kl_divergence, name, dtype)


class Poisson(BuiltinMetric):
    """The mean of `y_pred - y_true log(y_pred + ε)`.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> round(torchkeras.metrics.Poisson()([[0.0, 2.0]], [[1.0, 1.0]]).item(), 4)
        1.0
    """

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, name, dtype)


class BinaryCrossentropy(BuiltinMetric):
    """The mean of `-y_true log(y_pred) - (1 - y_true) log(1 - y_pred)`.

    Args:
        name: The name.
        dtype: As in `Metric`.
        from_logits: Whether the predictions are logits; they are probabilities otherwise.
        label_smoothing: How far the targets are moved towards 0.5: 0 not at all, 1 all the way.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.BinaryCrossentropy()
        >>> round(metric([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]).item(), 3)
        0.815
    """

    from_logits: bool
    label_smoothing: float

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            binary_crossentropy, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing,
        )  # fmt: skip


class CategoricalCrossentropy(BuiltinMetric):
    """The mean of `-Σ y_true log(y_pred)` over the classes, the targets being one-hot.

    Args:
        name: The name.
        dtype: As in `Metric`.
        from_logits: Whether the predictions are logits; otherwise they are divided by their sum.
        label_smoothing: How much of the targets is spread evenly over all classes.
        axis: The axis of the classes.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.CategoricalCrossentropy()
        >>> round(metric([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]).item(), 3)
        1.177
    """

    from_logits: bool
    label_smoothing: float
    axis: int

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            categorical_crossentropy, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class SparseCategoricalCrossentropy(BuiltinMetric):
    """The mean of `-log(y_pred[y_true])`, the targets being the numbers of classes.

    Args:
        name: The name.
        dtype: As in `Metric`.
        from_logits: Whether the predictions are logits; otherwise they are divided by their sum.
        ignore_class: A number that stands for no class: samples that have it lose nothing.
        axis: The axis of the classes.

    Variables:
        total: The weighted sum so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.SparseCategoricalCrossentropy()
        >>> round(metric([1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]).item(), 3)
        1.177
    """

    from_logits: bool
    ignore_class: int | None
    axis: int

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy, name, dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip
