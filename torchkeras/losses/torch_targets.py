"""Targets and predictions as Keras has them, brought into the form that losses of torch want."""

from typing import Any

import torch
from torch import Tensor

from .arguments import shapes, squeeze_or_expand_to_same_rank

CLASS_LOSSES = ("cross_entropy", "nll_loss", "multi_margin_loss")


def fit_pair(name: str, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Return input and target for a loss of torch.

    Args:
        name: The loss's name among torch's functions.
        y_true: The targets.
        y_pred: The predictions, classes on the last axis.
    """
    if name in CLASS_LOSSES:
        return classes_first(*_class_numbers(name, y_true, y_pred))
    y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            "`y_true` and `y_pred` must have the same shape for a loss of torch. "
            f"Received: {shapes(y_true, y_pred)}."
        )
    return y_pred, y_true.long() if name == "multilabel_margin_loss" else y_true.to(y_pred.dtype)


def _class_numbers(name: str, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Return class numbers as int64 without an axis of size 1, or probabilities as they are."""
    if y_true.shape == y_pred.shape and name == "cross_entropy" and y_pred.ndim > 1:
        return y_true.to(y_pred.dtype), y_pred
    if y_true.ndim == y_pred.ndim and y_true.shape[-1:] == (1,):
        y_true = y_true.squeeze(-1)
    elif y_true.ndim == y_pred.ndim and y_true.shape[1:2] == (1,):
        y_true = y_true.squeeze(1)
    if tuple(y_true.shape) not in (_without(y_pred, -1), _without(y_pred, 1)):
        raise ValueError(
            "`y_true` must hold one class number for each value: the shape of `y_pred` without "
            f"the axis of the classes, the last one. Received: {shapes(y_true, y_pred)}."
        )
    return y_true.long(), y_pred


def _without(x: Tensor, axis: int) -> tuple[int, ...] | None:
    if not -x.ndim <= axis < x.ndim:
        return None
    kept = list(x.shape)
    del kept[axis]
    return tuple(kept)


def classes_first(y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Move the classes from the last axis, where Keras has them, to torch's, the axis 1."""
    if y_pred.ndim < 3:
        return y_pred, y_true
    if y_true.shape == y_pred.shape:
        return y_pred.movedim(-1, 1), y_true.movedim(-1, 1)
    if tuple(y_true.shape) == _without(y_pred, -1):
        return y_pred.movedim(-1, 1), y_true
    return y_pred, y_true  # the shapes say that the classes are on the axis 1 already


def shares(name: str, target: Tensor, values: Tensor, arguments: dict[str, Any]) -> Tensor:
    """Return how much each value counts where torch divides for a mean.

    Args:
        name: The loss's name among torch's functions.
        target: The target that torch got.
        values: The losses, not reduced.
        arguments: The arguments of the loss.
    """
    if name not in ("cross_entropy", "nll_loss") or target.is_floating_point():
        return torch.ones_like(values)
    ignored = target == arguments.get("ignore_index", -100)
    weight = arguments.get("weight")
    if weight is None:
        return (~ignored).to(values.dtype)
    each = weight.to(values)[torch.where(ignored, 0, target)]
    return torch.where(ignored, 0.0, each)
