"""The coefficient of determination: how much of the targets' variance the predictions explain."""

import warnings
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of
from torchkeras.losses.arguments import (
    check_same_shape,
    shapes,
    squeeze_or_expand_to_same_rank,
    to_tensor,
)

from .metric import Metric, held

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """`1 - Σ (y_true - y_pred)² / Σ (y_true - mean)²`: 1 is the best, 0 is as good as the mean.

    Args:
        class_aggregation: How the scores of several outputs become one: their mean
            (`"uniform_average"`), their mean weighted by the variances
            (`"variance_weighted_average"`), or not at all (`None`).
        num_regressors: The number of independent variables, for the adjusted score; 0 for the
            plain one.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        num_samples: How many values came so far.
        squared_sum: The weighted sum of the squared targets of each output.
        sum: The weighted sum of the targets of each output.
        residual: The weighted sum of the squared errors of each output.
        count: The sum of the weights.

    Raises:
        ValueError: If an argument is none of these, or the data do not have two axes.

    Source:
        https://en.wikipedia.org/wiki/Coefficient_of_determination

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.R2Score()
        >>> round(metric([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]).item(), 4)
        0.5714
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.class_aggregation = one_of("class_aggregation", class_aggregation, _AGGREGATIONS)
        if num_regressors < 0:
            raise ValueError(
                f"`num_regressors` must be 0 or more. Received: num_regressors={num_regressors}."
            )
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def _build(self, num_outputs: int) -> None:
        """Make the sums, now that the number of outputs is known."""
        shape = (num_outputs,)
        self.squared_sum = self.add_variable(shape, "zeros", name="squared_sum")
        self.sum = self.add_variable(shape, "zeros", name="sum")
        self.total_mse = self.add_variable(shape, "zeros", name="residual")
        self.count = self.add_variable(shape, "zeros", name="count")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch in.

        Args:
            y_true: The targets, of the shape (batch, outputs).
            y_pred: The predictions, of the same shape.
            sample_weight: Weights that broadcast with them; one for each sample, say.
        """
        dtype = to_torch(self.dtype)
        y_pred = to_tensor(y_pred, dtype, y_true)
        y_true, y_pred = squeeze_or_expand_to_same_rank(to_tensor(y_true, dtype, y_pred), y_pred)
        if y_true.ndim != 2 or y_pred.ndim != 2:
            raise ValueError(
                "`y_true` and `y_pred` must have the shape (batch, outputs). "
                f"Received: {shapes(y_true, y_pred)}."
            )
        check_same_shape(y_true, y_pred)
        self._follow(y_pred.device)
        if not self._built:
            self._build(y_pred.shape[-1])
        weight = to_tensor(1.0 if sample_weight is None else sample_weight, dtype, y_pred)
        weight = weight.unsqueeze(1) if weight.ndim == 1 else weight
        self._gather(y_true, y_pred, weight.broadcast_to(y_true.shape))

    def _gather(self, y_true: Tensor, y_pred: Tensor, weight: Tensor) -> None:
        weighted = y_true * weight
        held(self.sum).add_(weighted.sum(0))
        held(self.squared_sum).add_((y_true * weighted).sum(0))
        held(self.total_mse).add_((torch.square(y_true - y_pred) * weight).sum(0))
        held(self.count).add_(weight.sum(0))
        held(self.num_samples).add_(y_true.numel())

    def result(self) -> Tensor:
        """Return the score so far: of shape (), or (outputs,) without aggregation."""
        if not self._built:
            return torch.zeros_like(held(self.num_samples))
        total_sum = held(self.sum)
        total = held(self.squared_sum) - total_sum * (total_sum / held(self.count))
        scores = 1.0 - held(self.total_mse) / total
        scores = torch.where(scores.isinf(), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation == "variance_weighted_average":
            scores = (total * scores).sum() / total.sum()
        return self._adjusted(scores) if self.num_regressors else scores

    def _adjusted(self, score: Tensor) -> Tensor:
        """Return the score that takes the number of independent variables into account."""
        spare = held(self.num_samples).item() - 1 - self.num_regressors
        if spare < 0:
            why = "More independent predictors than datapoints in adjusted R2 score."
        elif spare == 0:
            why = "Division by zero in Adjusted R2 score."
        else:
            return 1.0 - (1.0 - score) * (held(self.num_samples) - 1.0) / spare
        warnings.warn(f"{why} Falling back to standard R2 score.", stacklevel=4)
        return score

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
