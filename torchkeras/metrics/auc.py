"""The area under a curve that thresholds draw."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of, show
from torchkeras._base.serialization import deserialize_keras_object
from torchkeras._base.settings import epsilon
from torchkeras.losses.arguments import to_tensor

from .counting import (
    FALSE_NEGATIVES,
    FALSE_POSITIVES,
    TRUE_NEGATIVES,
    TRUE_POSITIVES,
    ThresholdMetric,
    are_even,
    even_thresholds,
    ratio,
)
from .metric import held

_ALL = (TRUE_POSITIVES, FALSE_POSITIVES, TRUE_NEGATIVES, FALSE_NEGATIVES)
_CURVES = ("ROC", "PR", "PRGAIN", "roc", "pr", "prgain")
_METHODS = ("interpolation", "majoring", "minoring", "Interpolation", "Majoring", "Minoring")


class AUC(ThresholdMetric):
    """The area under the ROC or the precision-recall curve, drawn through thresholds.

    Args:
        num_thresholds: How many thresholds from 0 to 1 draw the curve.
        curve: `"ROC"` (the true over the false positive rate), `"PR"` (precision over recall) or
            `"PRGAIN"` (their gains over always answering yes).
        summation_method: How the area between two points is taken: `"interpolation"`, or with the
            lower (`"minoring"`) or higher (`"majoring"`) of the two. Under `"PR"` the first
            interpolates the counts, not the precision.
        name: The name.
        dtype: As in `Metric`.
        thresholds: Thresholds from 0 to 1 in place of the even ones; 0 and 1 are put around them.
        multi_label: Whether each column is a question of its own, whose areas are averaged.
        num_labels: The number of columns, with `multi_label`; found from the data if not given.
        label_weights: Weights of the columns.
        from_logits: Whether predictions are logits.

    Variables:
        true_positives: Their weighted number so far, for each threshold (and label).
        false_positives: Their weighted number so far, for each threshold (and label).
        true_negatives: Their weighted number so far, for each threshold (and label).
        false_negatives: Their weighted number so far, for each threshold (and label).

    Raises:
        ValueError: If an argument is none of these, or `multi_label` data do not have two axes.

    Differs from Keras:
        The config holds `label_weights` as a list, not as a tensor.

    Source:
        https://ftp.cs.wisc.edu/machine-learning/shavlik-group/davis.icml06.pdf

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.AUC(num_thresholds=3)
        >>> metric([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]).item()
        0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.curve = one_of("curve", curve, _CURVES).upper()
        self.summation_method = one_of("summation_method", summation_method, _METHODS).lower()
        self._init_from_thresholds = thresholds is not None
        inner, evenly = _inner_thresholds(num_thresholds, thresholds)
        self.num_thresholds = len(inner) + 2
        # Points beyond both ends, so that rounding leaves no prediction outside.
        self._set_thresholds([0.0 - epsilon(), *inner, 1.0 + epsilon()], evenly)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else _as_weights(label_weights)
        self._from_logits = from_logits
        if num_labels and not multi_label:
            raise ValueError(
                "`num_labels` is the number of columns where `multi_label` is True. "
                f"Received: num_labels={num_labels}, multi_label={multi_label}."
            )
        self._built = False
        if num_labels or not multi_label:
            self._build(num_labels)

    def _build(self, num_labels: int | None) -> None:
        shape = (self.num_thresholds, num_labels) if num_labels else (self.num_thresholds,)
        self._add_counts(*_ALL, shape=shape)
        self._built = True

    @property
    def thresholds(self) -> list[float]:
        """The thresholds, in order."""
        return list(self._thresholds)

    def _follow(self, device: torch.device) -> None:
        super()._follow(device)
        if self.label_weights is not None and self.label_weights.device != device:
            self.label_weights = self.label_weights.to(device)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch in.

        Args:
            y_true: The targets, 0 or 1.
            y_pred: The predictions, from 0 to 1 (or logits), of the same shape.
            sample_weight: Weights: one for each sample, or of the shape of the predictions.
        """
        y_pred = to_tensor(y_pred, like=y_true)
        y_pred = torch.sigmoid(y_pred) if self._from_logits else y_pred
        if self.multi_label and y_pred.ndim != 2:
            raise ValueError(
                "`y_pred` must have the axes (batch, labels) where `multi_label` is True. "
                f"Received: y_pred.shape={tuple(y_pred.shape)}."
            )
        if not self._built:
            self._build(y_pred.shape[1])
        counts = self._counts(
            y_true,
            y_pred,
            sample_weight,
            label_weights=None if self.multi_label else self.label_weights,
            by_label=self.multi_label,
        )
        self._gather(counts, *_ALL)

    def result(self) -> Tensor:
        """Return the area so far; 0 before the first batch."""
        if not self._built:
            return torch.zeros((), dtype=to_torch(None))
        is_counted = self.curve == "PR" and self.summation_method == "interpolation"
        return self._average(self._areas_of_counts() if is_counted else self._areas())

    def _average(self, areas: Tensor) -> Tensor:
        """Return the sum of the areas; with several labels, the mean of their sums."""
        total = areas.sum(0)
        if not self.multi_label:
            return total
        if self.label_weights is None:
            return total.mean()
        return ratio((total * self.label_weights).sum(), self.label_weights.sum())

    def _areas(self) -> Tensor:
        """Return the areas between neighbouring points of the curve."""
        x, y = self._curve()
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        elif self.summation_method == "minoring":
            heights = torch.minimum(y[:-1], y[1:])
        else:
            heights = torch.maximum(y[:-1], y[1:])
        return (x[:-1] - x[1:]) * heights

    def _curve(self) -> tuple[Tensor, Tensor]:
        """Return the coordinates of the points."""
        tp, fp, tn, fn = (held(getattr(self, name)) for name in _ALL)
        if self.curve == "ROC":
            return ratio(fp, fp + tn), ratio(tp, tp + fn)
        if self.curve == "PR":
            return ratio(tp, tp + fn), ratio(tp, tp + fp)
        per_negative = ratio(tp + fn, tn + fp)
        recall_gain = 1.0 - per_negative * ratio(fn, tp)
        precision_gain = 1.0 - per_negative * ratio(fp, tp)
        recall_gain = torch.where(tp == 0.0, 0.0, recall_gain).clamp_min(0.0)
        return recall_gain, torch.where(tp == 0.0, 1.0, precision_gain)

    def _areas_of_counts(self) -> Tensor:
        """Return the areas under precision and recall, the counts being straight in between.

        With `TP = intercept + slope P`, where `P = TP + FP`, the precision `TP / P` between two
        points integrates to `slope (ΔTP + intercept log(P₁ / P₀))`, over all positives.
        """
        tp, fp, _, fn = (held(getattr(self, name)) for name in _ALL)
        predicted = tp + fp
        upper, lower = predicted[:-1], predicted[1:]
        step = tp[:-1] - tp[1:]
        slope = ratio(step, (upper - lower).clamp_min(0.0))
        intercept = tp[1:] - slope * lower
        both = (upper > 0) & (lower > 0)
        growth = torch.where(both, ratio(upper, lower.clamp_min(0.0)), 1.0)
        areas = slope * (step + intercept * growth.log())
        return ratio(areas, (tp[1:] + fn[1:]).clamp_min(0.0))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        weights = self.label_weights
        config = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if weights is None else weights.tolist(),
            "from_logits": self._from_logits,
        }
        if self._init_from_thresholds:
            config["thresholds"] = self.thresholds[1:-1]
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "AUC":
        """Make a metric from what `get_config` returned, here or in Keras.

        Args:
            config: The arguments.
        """
        weights = deserialize_keras_object(config.get("label_weights"))
        return cls(**{**config, "label_weights": weights})


def _inner_thresholds(
    num_thresholds: int, thresholds: Sequence[float] | None
) -> tuple[list[float], bool]:
    """Return the thresholds between the ends, and whether they are even."""
    if thresholds is not None:
        inner = sorted(thresholds)
        if any(not 0 <= threshold <= 1 for threshold in inner):
            raise ValueError(
                "`thresholds` must be numbers from 0 to 1. "
                f"Received: thresholds={show(thresholds)}."
            )
        return inner, are_even([0.0, *inner, 1.0])
    if num_thresholds <= 1:
        raise ValueError(
            "`num_thresholds` must be an integer above 1. "
            f"Received: num_thresholds={num_thresholds}."
        )
    return even_thresholds(num_thresholds), True


def _as_weights(label_weights: Any) -> Tensor:
    return torch.as_tensor(label_weights, dtype=to_torch(None), device="cpu").detach()
