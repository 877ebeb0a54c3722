"""Precision and recall as one number."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of, show
from torchkeras._base.settings import epsilon
from torchkeras._state.variable import Variable
from torchkeras.losses.arguments import check_same_shape, shapes, to_tensor

from .metric import Metric, held

_AVERAGES = (None, "micro", "macro", "weighted")
_SUMS = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")


class FBetaScore(Metric):
    """`(1 + β²) precision · recall / (β² precision + recall)`: 1 is the best.

    Args:
        average: How the scores of the classes become one: by counting over all classes
            (`"micro"`), by their mean (`"macro"`), by their mean weighted by how often a class
            occurs (`"weighted"`), or not at all (`None`).
        beta: How much recall counts beside precision.
        threshold: Predictions above it count as 1, from 0 to 1. If not given, the largest of each
            sample does.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        true_positives: The weighted number of right ones of each class.
        false_positives: The weighted number of wrong ones of each class.
        false_negatives: The weighted number of missed ones of each class.
        intermediate_weights: The weighted number of true ones of each class.

    Raises:
        ValueError: If an argument is none of these, or the data do not have two axes.

    Source:
        https://en.wikipedia.org/wiki/F-score

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.FBetaScore(beta=2.0, threshold=0.5)
        >>> scores = metric([[1, 1], [1, 0], [1, 1]], [[0.2, 0.6], [0.2, 0.6], [0.6, 0.8]])
        >>> [round(score, 4) for score in scores.tolist()]
        [0.3846, 0.9091]
    """

    _direction = "up"
    true_positives: Variable
    false_positives: Variable
    false_negatives: Variable
    intermediate_weights: Variable

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.average = one_of("average", average, _AVERAGES)
        if not isinstance(beta, float) or not beta > 0.0:
            raise ValueError(f"`beta` must be a float above 0. Received: beta={show(beta)}.")
        if threshold is not None and not (isinstance(threshold, float) and 0.0 < threshold <= 1.0):
            raise ValueError(
                "`threshold` must be a float above 0 and at most 1, or None. "
                f"Received: threshold={show(threshold)}."
            )
        self.beta = beta
        self.threshold = threshold
        self.axis = None if average == "micro" else 0
        self._built = False

    def _build(self, num_classes: int) -> None:
        """Make the sums, now that the number of classes is known."""
        shape = () if self.average == "micro" else (num_classes,)
        for name in _SUMS:
            setattr(self, name, self.add_variable(shape, "zeros", self.dtype, name=name))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch in.

        Args:
            y_true: The targets, 0 or 1, of the shape (batch, classes).
            y_pred: The predictions, of the same shape.
            sample_weight: One weight for each sample.
        """
        dtype = to_torch(self.dtype)
        y_pred = to_tensor(y_pred, dtype, y_true)
        y_true = to_tensor(y_true, dtype, y_pred)
        if y_true.ndim != 2 or y_pred.ndim != 2:
            raise ValueError(
                "`y_true` and `y_pred` must have the shape (batch, classes). "
                f"Received: {shapes(y_true, y_pred)}."
            )
        check_same_shape(y_true, y_pred)
        if not self._built:
            self._build(y_pred.shape[-1])
        self._follow(y_pred.device)
        weight = None if sample_weight is None else to_tensor(sample_weight, dtype, y_pred)
        self._gather(y_true, self._decided(y_pred).to(dtype), weight)

    def _decided(self, y_pred: Tensor) -> Tensor:
        """Say which predictions count as 1."""
        if self.threshold is not None:
            return y_pred > self.threshold
        # A sample of zeros predicts nothing.
        return (y_pred >= y_pred.amax(-1, keepdim=True)) & (y_pred.abs() > 1e-9)

    def _gather(self, y_true: Tensor, y_pred: Tensor, weight: Tensor | None) -> None:
        if weight is not None:
            weight = weight.unsqueeze(1) if weight.ndim == 1 else weight
        right = y_pred * y_true
        parts = (right, y_pred - right, y_true - right, y_true)
        for name, part in zip(_SUMS, parts, strict=True):
            part = part if weight is None else part * weight
            held(getattr(self, name)).add_(part.sum() if self.axis is None else part.sum(0))

    def result(self) -> Tensor:
        """Return the score so far: of shape (), or (classes,) without an average."""
        if not self._built:
            return torch.zeros((), dtype=to_torch(self.dtype))
        right = held(self.true_positives)
        precision = right / (right + held(self.false_positives) + epsilon())
        recall = right / (right + held(self.false_negatives) + epsilon())
        square = self.beta**2
        scores = precision * recall / (square * precision + recall + epsilon()) * (1 + square)
        if self.average == "weighted":
            weights = held(self.intermediate_weights)
            return (scores * (weights / (weights.sum() + epsilon()))).sum()
        return scores if self.average is None else scores.mean()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


class F1Score(FBetaScore):
    """`2 precision · recall / (precision + recall)`: 1 is the best.

    Args:
        average: How the scores of the classes become one: by counting over all classes
            (`"micro"`), by their mean (`"macro"`), by their mean weighted by how often a class
            occurs (`"weighted"`), or not at all (`None`).
        threshold: Predictions above it count as 1, from 0 to 1. If not given, the largest of each
            sample does.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        true_positives: The weighted number of right ones of each class.
        false_positives: The weighted number of wrong ones of each class.
        false_negatives: The weighted number of missed ones of each class.
        intermediate_weights: The weighted number of true ones of each class.

    Raises:
        ValueError: If an argument is none of these, or the data do not have two axes.

    Source:
        https://en.wikipedia.org/wiki/F-score

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.F1Score(threshold=0.5)
        >>> scores = metric([[1, 1], [1, 0], [1, 1]], [[0.2, 0.6], [0.2, 0.6], [0.6, 0.8]])
        >>> [round(score, 4) for score in scores.tolist()]
        [0.5, 0.8]
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        config = super().get_config()
        del config["beta"]
        return config
