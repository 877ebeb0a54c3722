"""Right and wrong answers at thresholds: what AUC, precision and recall are made of.

The cost is that of one pass over the predictions, however many thresholds there are: each
prediction is put between two thresholds, and sums over what lies above and below do the rest.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._base.settings import epsilon
from torchkeras._state.variable import Variable
from torchkeras.losses.arguments import check_same_shape, squeeze_or_expand_to_same_rank, to_tensor

from .metric import Metric, held

TRUE_POSITIVES, FALSE_POSITIVES = "true_positives", "false_positives"
TRUE_NEGATIVES, FALSE_NEGATIVES = "true_negatives", "false_negatives"
_LEFT_OUT = -1e10  # what `top_k` puts in place of the other predictions


def parse_thresholds(thresholds: Any, default: float) -> list[float]:
    """Return thresholds as a list of numbers from 0 to 1; the default is not looked at."""
    if thresholds is None:
        return [default]
    listed = list(thresholds) if isinstance(thresholds, Iterable) else [thresholds]
    if not listed or any(t is None or not 0 <= t <= 1 for t in listed):
        raise ValueError(
            "`thresholds` must be a number from 0 to 1, or a list of them. "
            f"Received: thresholds={show(thresholds)}."
        )
    return listed


def default_threshold(top_k: int | None) -> float:
    """Return the threshold in force if none is given: all of the `top_k` are above it."""
    return 0.5 if top_k is None else _LEFT_OUT


def even_thresholds(count: int) -> list[float]:
    """Return the inner ones of `count` thresholds that divide 0 to 1 evenly."""
    return [(i + 1) * 1.0 / (count - 1) for i in range(count - 2)]


def are_even(thresholds: Sequence[float]) -> bool:
    """Say whether thresholds are the even steps from 0 to 1, three at least."""
    if len(thresholds) < 3:
        return False
    steps = np.arange(len(thresholds), dtype=np.float32) / (len(thresholds) - 1)
    return bool(np.allclose(thresholds, steps, atol=epsilon()))


def ratio(part: Tensor, whole: Tensor) -> Tensor:
    """Return `part / whole`, and 0 where the whole is 0."""
    return torch.where(whole == 0, 0.0, part / whole)


class ThresholdMetric(Metric):
    """A metric that compares predictions with thresholds."""

    accumulator: Variable
    true_positives: Variable
    false_positives: Variable
    true_negatives: Variable
    false_negatives: Variable

    def _set_thresholds(self, thresholds: Sequence[float], evenly: bool) -> None:
        self._thresholds = [float(threshold) for threshold in thresholds]
        self._evenly = evenly
        self._levels: Tensor | None = None
        self._ranks: Tensor | None = None
        if not evenly and len(thresholds) > 1:
            given = torch.tensor(self._thresholds, dtype=to_torch(None), device="cpu")
            self._levels, order = given.sort(stable=True)
            if self._thresholds != sorted(self._thresholds):
                self._ranks = order.argsort()

    def _add_counts(self, *names: str, shape: Sequence[int] | None = None) -> None:
        """Make variables of the given names, one number for each threshold."""
        shape = (len(self._thresholds),) if shape is None else shape
        for name in names:
            setattr(self, name, self.add_variable(shape, "zeros", name=name))

    def _follow(self, device: torch.device) -> None:
        super()._follow(device)
        if self._levels is not None and self._levels.device != device:
            self._levels = self._levels.to(device)
            self._ranks = None if self._ranks is None else self._ranks.to(device)

    def _gather(self, counts: "Counts", *names: str) -> None:
        for name in names:
            held(getattr(self, name)).add_(counts.of(name))

    def _counts(
        self,
        y_true: Any,
        y_pred: Any,
        sample_weight: Any,
        *,
        top_k: int | None = None,
        class_id: int | None = None,
        label_weights: Tensor | None = None,
        by_label: bool = False,
    ) -> "Counts":
        """Return how a batch stands to the thresholds; with `by_label`, each of its columns."""
        y_true, y_pred = _fitted(y_true, y_pred, held(self._variables[0]).dtype)
        self._follow(y_pred.device)
        weight = None if sample_weight is None else _weight_like(y_pred, sample_weight)
        if top_k is not None:
            y_pred = _keep_top_k(y_pred, top_k)
        if class_id is not None:
            y_true, y_pred = _of_class(class_id, y_true, y_pred)
        weight = None if weight is None else _spread(weight, y_pred)
        if label_weights is not None:
            each = label_weights.unsqueeze(0).broadcast_to(y_pred.shape)
            weight = each if weight is None else weight * each
        if len(self._thresholds) == 1:
            return _OneThreshold(y_true.bool(), y_pred > self._thresholds[0], weight)
        return self._between(y_true.bool(), y_pred, weight, by_label)

    def _between(
        self, is_true: Tensor, y_pred: Tensor, weight: Tensor | None, by_label: bool
    ) -> "Counts":
        """Add up the weights of predictions between each two thresholds."""
        slots = len(self._thresholds) + 1
        slot = self._even_slot(y_pred) if self._levels is None else _slot(y_pred, self._levels)
        group = is_true.long()
        groups = 2
        if by_label:
            columns = y_pred.shape[-1]
            group = group * columns + torch.arange(columns, device=y_pred.device)
            groups = 2 * columns
        weight = torch.ones_like(y_pred) if weight is None else weight
        found = y_pred.new_zeros(groups * slots)
        found.scatter_add_(0, (group * slots + slot).reshape(-1), weight.reshape(-1))
        found = found.view(2, -1, slots).transpose(1, 2) if by_label else found.view(2, slots)
        return _ManyThresholds(found, self._ranks)

    def _even_slot(self, y_pred: Tensor) -> Tensor:
        """Return the number of thresholds below each prediction, as Keras rounds it."""
        steps = len(self._thresholds) - 1
        slot = (y_pred.clamp(0.0, 1.0) * steps).ceil()
        if self._thresholds[0] < 0.0:
            slot = slot.clamp_min(1.0)
        return slot.nan_to_num(0.0).long()


class Counts(Protocol):
    """How many predictions of a batch are right and wrong, for each threshold."""

    def of(self, name: str) -> Tensor:
        """Return the weight of the true or false positives or negatives."""


class _OneThreshold:
    def __init__(self, is_true: Tensor, is_above: Tensor, weight: Tensor | None) -> None:
        self._is_true, self._is_above, self._weight = is_true, is_above, weight

    def of(self, name: str) -> Tensor:
        is_above = self._is_above if name.endswith("positives") else ~self._is_above
        is_right = name in (TRUE_POSITIVES, FALSE_NEGATIVES)
        chosen = is_above & (self._is_true if is_right else ~self._is_true)
        if self._weight is None:
            return chosen.sum()
        return torch.where(chosen, self._weight, 0.0).sum()


class _ManyThresholds:
    """Sums of weights: first axis false and true, second axis the spaces between thresholds."""

    def __init__(self, between: Tensor, ranks: Tensor | None) -> None:
        self._between, self._ranks = between, ranks

    def of(self, name: str) -> Tensor:
        is_true = name in (TRUE_POSITIVES, FALSE_NEGATIVES)
        between = self._between[int(is_true)]
        if name.endswith("positives"):
            found = between.flip(0).cumsum(0).flip(0)[1:]
        else:
            found = between.cumsum(0)[:-1]
        return found if self._ranks is None else found[self._ranks]


def _slot(y_pred: Tensor, levels: Tensor) -> Tensor:
    """Return the number of thresholds below each prediction."""
    slot = torch.bucketize(y_pred, levels.to(y_pred.dtype))
    return slot.masked_fill(y_pred.isnan(), 0)


def _fitted(y_true: Any, y_pred: Any, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    y_pred = to_tensor(y_pred, dtype, y_true)
    y_true, y_pred = squeeze_or_expand_to_same_rank(to_tensor(y_true, like=y_pred), y_pred)
    check_same_shape(y_true, y_pred)
    return y_true, y_pred


def _weight_like(y_pred: Tensor, sample_weight: Any) -> Tensor:
    """Return weights with a last axis for the classes, unless they have one of their own."""
    weight = to_tensor(sample_weight, y_pred.dtype, y_pred).unsqueeze(-1)
    return weight.squeeze(-1) if weight.ndim == y_pred.ndim + 1 else weight


def _spread(weight: Tensor, y_pred: Tensor) -> Tensor:
    sizes = zip(reversed(weight.shape), reversed(y_pred.shape), strict=False)
    if weight.ndim > y_pred.ndim or any(w not in (1, size) for w, size in sizes):
        raise ValueError(
            "`sample_weight` must be one number, one for each sample, or of the shape of "
            f"`y_pred`. Received: sample_weight with the shape {tuple(weight.shape)} (an axis for "
            f"the classes included) for predictions of the shape {tuple(y_pred.shape)}."
        )
    return weight.broadcast_to(y_pred.shape)


def _keep_top_k(y_pred: Tensor, k: int) -> Tensor:
    if not 0 < k <= y_pred.shape[-1]:
        raise ValueError(
            "`top_k` must lie between 1 and the number of classes. "
            f"Received: top_k={k} with y_pred.shape={tuple(y_pred.shape)}."
        )
    best = y_pred.topk(k, dim=-1)
    return torch.full_like(y_pred, _LEFT_OUT).scatter(-1, best.indices, best.values)


def _of_class(class_id: int, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    if y_pred.ndim < 2 or not -y_pred.shape[-1] <= class_id < y_pred.shape[-1]:
        raise ValueError(
            "`class_id` must be the number of a class on the last of two axes or more. "
            f"Received: class_id={class_id} with y_pred.shape={tuple(y_pred.shape)}."
        )
    return y_true[..., class_id, None], y_pred[..., class_id, None]
