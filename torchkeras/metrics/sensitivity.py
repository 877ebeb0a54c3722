"""The best that one rate can be while another one is good enough."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import positive_int

from .counting import (
    FALSE_NEGATIVES,
    FALSE_POSITIVES,
    TRUE_NEGATIVES,
    TRUE_POSITIVES,
    ThresholdMetric,
    even_thresholds,
    ratio,
)
from .metric import held

_ALL = (TRUE_POSITIVES, FALSE_POSITIVES, TRUE_NEGATIVES, FALSE_NEGATIVES)
_RATES = {
    "sensitivity": (TRUE_POSITIVES, FALSE_NEGATIVES),
    "recall": (TRUE_POSITIVES, FALSE_NEGATIVES),
    "specificity": (TRUE_NEGATIVES, FALSE_POSITIVES),
    "precision": (TRUE_POSITIVES, FALSE_POSITIVES),
}


class _BestRate(ThresholdMetric):
    """The largest value of one rate over the thresholds where another one reaches a value."""

    _direction = "up"
    _wanted: str
    _needed: str

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if not 0 <= value <= 1:
            raise ValueError(
                f"`{self._needed}` must be a number from 0 to 1. Received: {self._needed}={value}."
            )
        self.value = value
        setattr(self, self._needed, value)
        self.num_thresholds = positive_int("num_thresholds", num_thresholds)
        self.class_id = class_id
        inner = even_thresholds(num_thresholds)
        self.thresholds = [0.5] if num_thresholds == 1 else [0.0, *inner, 1.0]
        self._set_thresholds(self.thresholds, evenly=num_thresholds > 1)
        self._add_counts(*_ALL)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch in.

        Args:
            y_true: The targets, 0 or 1.
            y_pred: The predictions, from 0 to 1, of the same shape.
            sample_weight: Weights: one for each sample, or of the shape of the predictions.
        """
        counts = self._counts(y_true, y_pred, sample_weight, class_id=self.class_id)
        self._gather(counts, *_ALL)

    def _rate(self, name: str) -> Tensor:
        part, rest = (held(getattr(self, count)) for count in _RATES[name])
        return ratio(part, part + rest)

    def result(self) -> Tensor:
        """Return the best value so far; 0 where no threshold is good enough."""
        is_enough = self._rate(self._needed) >= self.value
        return torch.where(is_enough, self._rate(self._wanted), 0.0).amax().clamp_min(0.0)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return {
            **super().get_config(),
            "class_id": self.class_id,
            "num_thresholds": self.num_thresholds,
            self._needed: self.value,
        }


class SensitivityAtSpecificity(_BestRate):
    """The largest `TP / (TP + FN)` at thresholds where `TN / (TN + FP)` is at least a value.

    Args:
        specificity: The least specificity, from 0 to 1.
        num_thresholds: How many thresholds from 0 to 1 are tried.
        class_id: The only class that counts; all if not given.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        true_positives: Their weighted number so far, for each threshold.
        false_positives: Their weighted number so far, for each threshold.
        true_negatives: Their weighted number so far, for each threshold.
        false_negatives: Their weighted number so far, for each threshold.

    Source:
        https://en.wikipedia.org/wiki/Sensitivity_and_specificity

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.SensitivityAtSpecificity(0.5)
        >>> metric([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]).item()
        0.5
    """

    _wanted, _needed = "sensitivity", "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(_BestRate):
    """The largest `TN / (TN + FP)` at thresholds where `TP / (TP + FN)` is at least a value.

    Args:
        sensitivity: The least sensitivity, from 0 to 1.
        num_thresholds: How many thresholds from 0 to 1 are tried.
        class_id: The only class that counts; all if not given.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        true_positives: Their weighted number so far, for each threshold.
        false_positives: Their weighted number so far, for each threshold.
        true_negatives: Their weighted number so far, for each threshold.
        false_negatives: Their weighted number so far, for each threshold.

    Source:
        https://en.wikipedia.org/wiki/Sensitivity_and_specificity

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.SpecificityAtSensitivity(0.5)
        >>> round(metric([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]).item(), 4)
        0.6667
    """

    _wanted, _needed = "specificity", "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(_BestRate):
    """The largest `TP / (TP + FP)` at thresholds where `TP / (TP + FN)` is at least a value.

    Args:
        recall: The least recall, from 0 to 1.
        num_thresholds: How many thresholds from 0 to 1 are tried.
        class_id: The only class that counts; all if not given.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        true_positives: Their weighted number so far, for each threshold.
        false_positives: Their weighted number so far, for each threshold.
        true_negatives: Their weighted number so far, for each threshold.
        false_negatives: Their weighted number so far, for each threshold.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.PrecisionAtRecall(0.5)
        >>> metric([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]).item()
        0.5
    """

    _wanted, _needed = "precision", "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(_BestRate):
    """The largest `TP / (TP + FN)` at thresholds where `TP / (TP + FP)` is at least a value.

    Args:
        precision: The least precision, from 0 to 1. If no threshold reaches it, the result is 0.
        num_thresholds: How many thresholds from 0 to 1 are tried.
        class_id: The only class that counts; all if not given.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        true_positives: Their weighted number so far, for each threshold.
        false_positives: Their weighted number so far, for each threshold.
        true_negatives: Their weighted number so far, for each threshold.
        false_negatives: Their weighted number so far, for each threshold.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.RecallAtPrecision(0.8)
        >>> metric([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]).item()
        0.5
    """

    _wanted, _needed = "recall", "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
