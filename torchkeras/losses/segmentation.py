"""Losses of overlap, for images and other masks."""

from typing import Any

from torch import Tensor

from torchkeras._base.settings import epsilon
from torchkeras._symbolic.op import op

from .arguments import matched
from .wrapper import BuiltinLoss

Axes = int | tuple[int, ...] | list[int] | None


@op
def dice(y_true: Any, y_pred: Any, axis: Axes = None) -> Tensor:
    """Return `1 - 2 Σ y_true y_pred / (Σ y_true + Σ y_pred + ε)`.

    Args:
        y_true: The targets. ε is `torchkeras.config.epsilon()`.
        y_pred: The predictions, of the same shape.
        axis: The axes over which the sums go; all if not given.

    Returns:
        The losses: the shape of `y_pred` without those axes.

    Example:
        >>> import torchkeras
        >>> round(torchkeras.losses.dice([[1.0, 0.0]], [[1.0, 1.0]]).item(), 4)
        0.3333
    """
    y_true, y_pred = matched(y_true, y_pred, same_rank=False)
    axes = _axes(axis)
    both = (y_true * y_pred).sum(axes)
    return 1.0 - 2.0 * both / (y_true.sum(axes) + y_pred.sum(axes) + epsilon())


@op
def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axes = None
) -> Tensor:
    """Return `1 - tp / (tp + alpha Σ y_true (1 - y_pred) + beta Σ (1 - y_true) y_pred + ε)`.

    Args:
        y_true: The targets; `tp` is `Σ y_true y_pred`, ε is `torchkeras.config.epsilon()`.
        y_pred: The predictions, of the same shape.
        alpha: What a missed target costs.
        beta: What a false alarm costs.
        axis: The axes over which the sums go; all if not given.

    Returns:
        The losses: the shape of `y_pred` without those axes.

    Source:
        Salehi et al., 2017, https://arxiv.org/abs/1706.05721

    Example:
        >>> import torchkeras
        >>> round(torchkeras.losses.tversky([[1.0, 0.0]], [[1.0, 1.0]]).item(), 4)
        0.3333
    """
    y_true, y_pred = matched(y_true, y_pred, same_rank=False)
    axes = _axes(axis)
    both = (y_true * y_pred).sum(axes)
    missed = (y_true * (1.0 - y_pred)).sum(axes)
    false_alarms = (y_pred * (1.0 - y_true)).sum(axes)
    return 1.0 - both / (both + missed * alpha + false_alarms * beta + epsilon())


def _axes(axis: Axes) -> int | tuple[int, ...] | None:
    return tuple(axis) if isinstance(axis, list) else axis


class Dice(BuiltinLoss):
    """`1 - 2 Σ y_true y_pred / (Σ y_true + Σ y_pred + ε)`.

    Args:
        reduction: As in `Loss`.
        name: The name.
        axis: The axes over which the sums go; all if not given.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> round(torchkeras.losses.Dice()([[1.0, 0.0]], [[1.0, 1.0]]).item(), 4)
        0.3333
    """

    axis: Axes

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Axes = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(BuiltinLoss):
    """`1 - tp / (tp + alpha Σ y_true (1 - y_pred) + beta Σ (1 - y_true) y_pred + ε)`.

    Args:
        alpha: What a missed target costs.
        beta: What a false alarm costs.
        reduction: As in `Loss`.
        name: The name.
        axis: The axes over which the sums go; all if not given.
        dtype: As in `Loss`.

    Source:
        Salehi et al., 2017, https://arxiv.org/abs/1706.05721

    Example:
        >>> import torchkeras
        >>> round(torchkeras.losses.Tversky()([[1.0, 0.0]], [[1.0, 1.0]]).item(), 4)
        0.3333
    """

    alpha: float
    beta: float
    axis: Axes

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Axes = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
