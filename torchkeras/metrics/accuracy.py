"""How often predictions are right."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._symbolic.op import op
from torchkeras.losses.arguments import (
    broadcasts,
    shapes,
    squeeze_or_expand_to_same_rank,
    to_tensor,
)

from .mean import BuiltinMetric


def _tensors(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Return both as tensors of their own dtypes, on the device of `y_pred`."""
    y_pred = to_tensor(y_pred, like=y_true)
    return to_tensor(y_true, like=y_pred), y_pred


def _check(fits: bool, y_true: Tensor, y_pred: Tensor, needed: str) -> None:
    if not fits:
        raise ValueError(
            f"`y_true` and `y_pred` do not go together: {needed}. "
            f"Received: {shapes(y_true, y_pred)}."
        )


def _as_floats(matches: Tensor) -> Tensor:
    return matches.to(to_torch(None))


def _equal(y_true: Any, y_pred: Any) -> Tensor:
    """Say which predictions equal the targets."""
    y_true, y_pred = squeeze_or_expand_to_same_rank(*_tensors(y_true, y_pred))
    _check(broadcasts(y_true, y_pred), y_true, y_pred, "they must have the same shape")
    return y_true.to(y_pred.dtype) == y_pred


def _binary(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """Say which predictions lie on the right side of the threshold."""
    y_true, y_pred = squeeze_or_expand_to_same_rank(*_tensors(y_true, y_pred))
    _check(broadcasts(y_true, y_pred), y_true, y_pred, "they must have the same shape")
    return (y_pred > threshold) == y_true


def _largest(x: Tensor) -> Tensor:
    return (x.to(torch.uint8) if x.dtype is torch.bool else x).argmax(-1)


def _categorical(y_true: Any, y_pred: Any) -> Tensor:
    """Say where the largest prediction is that of the class that a one-hot target names."""
    y_true, y_pred = _tensors(y_true, y_pred)
    fits = y_true.shape[:-1] == y_pred.shape[:-1]
    _check(fits, y_true, y_pred, "targets are one-hot, with the classes on the last axis")
    return _largest(y_true) == _largest(y_pred)


def _sparse(y_true: Any, y_pred: Any) -> Tensor:
    """Say where the largest prediction is that of the class that has the target's number."""
    y_true, y_pred = _tensors(y_true, y_pred)
    is_column = y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1
    labels = y_true.squeeze(-1) if is_column else y_true
    found = _largest(y_pred)
    fits = labels.ndim < y_pred.ndim and broadcasts(labels, found)
    _check(fits, y_true, y_pred, "targets are class numbers, one for each sample")
    matches = found == labels
    if is_column:
        return matches if matches.ndim else matches.unsqueeze(-1)
    return matches.squeeze(-1) if matches.ndim > 1 and matches.shape[-1] == 1 else matches


def _in_top_k(labels: Tensor, y_pred: Tensor, k: int) -> Tensor:
    """Say which labels have fewer than `k` larger predictions; ties count as in."""
    _check(labels.numel() * y_pred.shape[-1] == y_pred.numel(), labels, y_pred,
           "there must be one target for each sample")  # fmt: skip
    own = y_pred.gather(-1, labels.long().reshape(*y_pred.shape[:-1], 1))
    not_larger = (y_pred <= own).sum(-1)
    return (not_larger > y_pred.shape[-1] - k).reshape(labels.shape)


def _top_k(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    y_true, y_pred = _tensors(y_true, y_pred)
    return _in_top_k(_largest(y_true), y_pred, k)


def _sparse_top_k(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Tensor:
    y_true, y_pred = _tensors(y_true, y_pred)
    if not from_sorted_ids:
        return _in_top_k(y_true, y_pred, k)
    best = y_pred.reshape(-1, y_pred.shape[-1])[:, :k]
    labels = y_true.to(y_pred.dtype).reshape(-1, 1)
    _check(len(labels) == len(best), y_true, y_pred, "there must be one target for each sample")
    return (labels == best).any(-1).reshape(y_true.shape)


@op
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """Return 1 where `y_pred > threshold` says what `y_true` does, 0 elsewhere.

    Args:
        y_true: The targets, 0 or 1.
        y_pred: The predictions, of the same shape.
        threshold: Where 1 begins.

    Returns:
        Zeros and ones of `floatx()`, in the shape of `y_pred`.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.binary_accuracy([1, 1, 0], [0.9, 0.5, 0.1]).tolist()
        [1.0, 0.0, 1.0]
    """
    return _as_floats(_binary(y_true, y_pred, threshold))


@op
def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Return 1 where the largest of `y_pred` is where the largest of `y_true` is, 0 elsewhere.

    Args:
        y_true: The targets, one-hot.
        y_pred: The predictions, of the same shape.

    Returns:
        Zeros and ones of `floatx()`, in the shape of `y_pred` without the last axis.

    Example:
        >>> import torchkeras
        >>> y_true, y_pred = [[0, 1], [1, 0]], [[0.1, 0.9], [0.4, 0.6]]
        >>> torchkeras.metrics.categorical_accuracy(y_true, y_pred).tolist()
        [1.0, 0.0]
    """
    return _as_floats(_categorical(y_true, y_pred))


@op
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Return 1 where the largest of `y_pred` has the number `y_true`, 0 elsewhere.

    Args:
        y_true: The numbers of the right classes, of the shape of `y_pred` without the last axis
            (or with 1 there).
        y_pred: The predictions.

    Returns:
        Zeros and ones of `floatx()`, in the shape of `y_pred` without the last axis.

    Example:
        >>> import torchkeras
        >>> y_pred = [[0.1, 0.9], [0.4, 0.6]]
        >>> torchkeras.metrics.sparse_categorical_accuracy([1, 0], y_pred).tolist()
        [1.0, 0.0]
    """
    return _as_floats(_sparse(y_true, y_pred))


@op
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """Return 1 where the right class is among the `k` largest of `y_pred`, 0 elsewhere.

    Args:
        y_true: The targets, one-hot.
        y_pred: The predictions, of the same shape.
        k: How many of the largest count.

    Returns:
        Zeros and ones of `floatx()`, in the shape of `y_pred` without the last axis.

    Example:
        >>> import torchkeras
        >>> y_true, y_pred = [[0, 0, 1], [1, 0, 0]], [[0.1, 0.5, 0.4], [0.2, 0.3, 0.5]]
        >>> torchkeras.metrics.top_k_categorical_accuracy(y_true, y_pred, k=2).tolist()
        [1.0, 0.0]
    """
    return _as_floats(_top_k(y_true, y_pred, k))


@op
def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Tensor:
    """Return 1 where the class number `y_true` is among the `k` largest of `y_pred`, 0 elsewhere.

    Args:
        y_true: The numbers of the right classes.
        y_pred: The predictions; or, if `from_sorted_ids`, the numbers of classes, best first.
        k: How many of the largest count.
        from_sorted_ids: Whether `y_pred` holds sorted numbers of classes.

    Returns:
        Zeros and ones of `floatx()`, in the shape of `y_true`.

    Example:
        >>> import torchkeras
        >>> y_pred = [[0.1, 0.5, 0.4], [0.2, 0.3, 0.5]]
        >>> torchkeras.metrics.sparse_top_k_categorical_accuracy([2, 0], y_pred, k=2).tolist()
        [1.0, 0.0]
    """
    return _as_floats(_sparse_top_k(y_true, y_pred, k, from_sorted_ids))


class Accuracy(BuiltinMetric):
    """How often predictions equal the targets.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted number of right ones so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.Accuracy()([1, 2, 3, 4], [0, 2, 3, 4]).item()
        0.75
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(_equal, name, dtype, "up")


class BinaryAccuracy(BuiltinMetric):
    """How often predictions lie on the right side of a threshold.

    Args:
        name: The name.
        dtype: As in `Metric`.
        threshold: Predictions above it count as 1.

    Variables:
        total: The weighted number of right ones so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> torchkeras.metrics.BinaryAccuracy()([1, 1, 0, 0], [0.98, 1.0, 0.0, 0.6]).item()
        0.75
    """

    threshold: float

    def __init__(
        self,
        name: str | None = "binary_accuracy",
        dtype: Any = None,
        threshold: float = 0.5,
    ) -> None:
        super().__init__(_binary, name, dtype, "up", threshold=threshold)


class CategoricalAccuracy(BuiltinMetric):
    """How often the largest prediction is that of the right class, targets being one-hot.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted number of right ones so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.CategoricalAccuracy()
        >>> metric([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]]).item()
        0.5
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(_categorical, name, dtype, "up")


class SparseCategoricalAccuracy(BuiltinMetric):
    """How often the largest prediction is that of the right class, targets being class numbers.

    Args:
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted number of right ones so far.
        count: The sum of the weights so far.

    Differs from Keras:
        Numbers of classes are compared as integers, not in the dtype of the predictions, where
        bfloat16 confuses those above 256.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.SparseCategoricalAccuracy()
        >>> metric([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0.0]]).item()
        0.5
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(_sparse, name, dtype, "up")


class TopKCategoricalAccuracy(BuiltinMetric):
    """How often the right class is among the `k` largest predictions, targets being one-hot.

    Args:
        k: How many of the largest count.
        name: The name.
        dtype: As in `Metric`.

    Variables:
        total: The weighted number of right ones so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.TopKCategoricalAccuracy(k=2)
        >>> metric([[0, 0, 1], [1, 0, 0]], [[0.1, 0.5, 0.4], [0.2, 0.3, 0.5]]).item()
        0.5
    """

    k: int

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(_top_k, name, dtype, "up", k=k)


class SparseTopKCategoricalAccuracy(BuiltinMetric):
    """How often the right class is among the `k` largest predictions, targets being class numbers.

    Args:
        k: How many of the largest count.
        name: The name.
        dtype: As in `Metric`.
        from_sorted_ids: Whether predictions are numbers of classes, best first.

    Variables:
        total: The weighted number of right ones so far.
        count: The sum of the weights so far.

    Example:
        >>> import torchkeras
        >>> metric = torchkeras.metrics.SparseTopKCategoricalAccuracy(k=2)
        >>> metric([2, 0], [[0.1, 0.5, 0.4], [0.2, 0.3, 0.5]]).item()
        0.5
    """

    k: int
    from_sorted_ids: bool

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(_sparse_top_k, name, dtype, "up", k=k, from_sorted_ids=from_sorted_ids)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        config = super().get_config()
        if not self.from_sorted_ids:
            del config["from_sorted_ids"]
        return config
