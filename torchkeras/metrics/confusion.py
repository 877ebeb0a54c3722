"""Counts of right and wrong answers, precision and recall."""

from typing import Any

from torch import Tensor

from .counting import (
    FALSE_NEGATIVES,
    FALSE_POSITIVES,
    TRUE_NEGATIVES,
    TRUE_POSITIVES,
    ThresholdMetric,
    are_even,
    default_threshold,
    parse_thresholds,
    ratio,
)
from .metric import held


class _Count(ThresholdMetric):
    """How many predictions are right, or wrong, in one way."""

    _counted: str

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = parse_thresholds(thresholds, 0.5)
        self._set_thresholds(self.thresholds, are_even(self.thresholds))
        self._add_counts("accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch in.

        Args:
            y_true: The targets, 0 or 1.
            y_pred: The predictions, of the same shape.
            sample_weight: Weights: one for each sample, or of the shape of the predictions.
        """
        counts = self._counts(y_true, y_pred, sample_weight)
        held(self.accumulator).add_(counts.of(self._counted))

    def result(self) -> Tensor:
        """Return the count so far, or one for each threshold."""
        return _single(held(self.accumulator))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """How many predictions above the threshold are right.

    Args:
        thresholds: A number from 0 to 1 (0.5 if not given; 0 suits logits), or a list of them,
            for one result each. Predictions above it count as 1.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        accumulator: The weighted number so far, for each threshold.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]).item()
        2.0
    """

    _counted = TRUE_POSITIVES


class FalsePositives(_Count):
    """How many predictions above the threshold are wrong.

    Args:
        thresholds: A number from 0 to 1 (0.5 if not given; 0 suits logits), or a list of them,
            for one result each. Predictions above it count as 1.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        accumulator: The weighted number so far, for each threshold.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1]).item()
        2.0
    """

    _counted = FALSE_POSITIVES


class TrueNegatives(_Count):
    """How many predictions not above the threshold are right.

    Args:
        thresholds: A number from 0 to 1 (0.5 if not given; 0 suits logits), or a list of them,
            for one result each. Predictions above it count as 1.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        accumulator: The weighted number so far, for each threshold.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0]).item()
        2.0
    """

    _counted = TRUE_NEGATIVES


class FalseNegatives(_Count):
    """How many predictions not above the threshold are wrong.

    Args:
        thresholds: A number from 0 to 1 (0.5 if not given; 0 suits logits), or a list of them,
            for one result each. Predictions above it count as 1.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        accumulator: The weighted number so far, for each threshold.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]).item()
        2.0
    """

    _counted = FALSE_NEGATIVES


class _Share(ThresholdMetric):
    """The share of the true positives among them and those of a second kind."""

    _direction = "up"
    _others: str

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self.thresholds = parse_thresholds(thresholds, default_threshold(top_k))
        self._set_thresholds(self.thresholds, are_even(self.thresholds))
        self._add_counts(TRUE_POSITIVES, self._others)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch in.

        Args:
            y_true: The targets, 0 or 1.
            y_pred: The predictions, of the same shape.
            sample_weight: Weights: one for each sample, or of the shape of the predictions.
        """
        counts = self._counts(
            y_true, y_pred, sample_weight, top_k=self.top_k, class_id=self.class_id
        )
        self._gather(counts, TRUE_POSITIVES, self._others)

    def result(self) -> Tensor:
        """Return the share so far, or one for each threshold; 0 if there is nothing to share."""
        true, others = held(self.true_positives), held(getattr(self, self._others))
        return _single(ratio(true, true + others))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(_Share):
    """The share of true ones among what is predicted: `TP / (TP + FP)`.

    Args:
        thresholds: A number from 0 to 1, or a list of them, for one result each. Predictions
            above it count as 1. If not given: 0.5, or none if `top_k` is given; 0 suits logits.
        top_k: How many of the largest predictions of a sample may count as 1; all if not given.
        class_id: The only class that counts; all if not given.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        true_positives: The weighted number of right ones so far, for each threshold.
        false_positives: The weighted number of wrong ones so far, for each threshold.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.Precision()
        >>> round(metric([0, 1, 1, 1], [1, 0, 1, 1]).item(), 4)
        0.6667
    """

    _others = FALSE_POSITIVES


class Recall(_Share):
    """The share of the true ones that is predicted: `TP / (TP + FN)`.

    Args:
        thresholds: A number from 0 to 1, or a list of them, for one result each. Predictions
            above it count as 1. If not given: 0.5, or none if `top_k` is given; 0 suits logits.
        top_k: How many of the largest predictions of a sample may count as 1; all if not given.
        class_id: The only class that counts; all if not given.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        true_positives: The weighted number of true ones found so far, for each threshold.
        false_negatives: The weighted number of true ones missed so far, for each threshold.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.Recall()
        >>> round(metric([0, 1, 1, 1], [1, 0, 1, 1]).item(), 4)
        0.6667
    """

    _others = FALSE_NEGATIVES


def _single(found: Tensor) -> Tensor:
    """Return the number that belongs to a single threshold, or all."""
    return found[0] if len(found) == 1 else found
