"""Hinge losses, for targets of -1 and 1."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._symbolic.op import op

from .arguments import matched
from .wrapper import BuiltinLoss


def signs(y_true: Tensor) -> Tensor:
    """Return targets of 0 and 1 as -1 and 1, and all others as they are; asks no device."""
    is_binary = ((y_true == 0) | (y_true == 1)).all()
    return torch.where(is_binary, 2.0 * y_true - 1.0, y_true)


@op
def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of `max(1 - y_true y_pred, 0)` over the last axis.

    Args:
        y_true: The targets, -1 or 1; where all are 0 or 1, the zeros count as -1.
        y_pred: The predictions, of the same shape.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.hinge([[-1.0, 1.0]], [[0.5, 2.0]]).tolist()
        [0.75]
    """
    y_true, y_pred = matched(y_true, y_pred, same_rank=False)
    return (1.0 - signs(y_true) * y_pred).clamp(min=0.0).mean(-1)


@op
def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of `max(1 - y_true y_pred, 0)²` over the last axis.

    Args:
        y_true: The targets, -1 or 1; where all are 0 or 1, the zeros count as -1.
        y_pred: The predictions, of the same shape.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.squared_hinge([[-1.0, 1.0]], [[1.0, 2.0]]).tolist()
        [2.0]
    """
    y_true, y_pred = matched(y_true, y_pred, same_rank=False)
    return torch.square((1.0 - signs(y_true) * y_pred).clamp(min=0.0)).mean(-1)


@op
def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Return `max(1 + max((1 - y_true) y_pred) - Σ y_true y_pred, 0)` over the last axis.

    Args:
        y_true: The targets, one-hot.
        y_pred: The predictions, of the same shape.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]]).tolist()
        [0.5]
    """
    y_true, y_pred = matched(y_true, y_pred, same_rank=False)
    right = (y_true * y_pred).sum(-1)
    wrong = ((1.0 - y_true) * y_pred).amax(-1)
    return (wrong - right + 1.0).clamp(min=0.0)


class Hinge(BuiltinLoss):
    """The mean of `max(1 - y_true y_pred, 0)`.

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.Hinge()([[-1.0, 1.0]], [[0.5, 2.0]]).item()
        0.75
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(BuiltinLoss):
    """The mean of `max(1 - y_true y_pred, 0)²`.

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.SquaredHinge()([[-1.0, 1.0]], [[1.0, 2.0]]).item()
        2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(BuiltinLoss):
    """The mean of `max(1 + max((1 - y_true) y_pred) - Σ y_true y_pred, 0)`.

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]).item()
        0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)
