"""Losses of regression: how far numbers are from numbers."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.settings import epsilon
from torchkeras._symbolic.op import op

from .arguments import alike, matched
from .wrapper import BuiltinLoss, mean_of


@op
def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of `(y_true - y_pred)²` over the last axis.

    Args:
        y_true: The targets.
        y_pred: The predictions, of the same shape.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.mean_squared_error([[1.0, 2.0]], [[0.0, 4.0]]).tolist()
        [2.5]
    """
    y_true, y_pred = matched(y_true, y_pred)
    return torch.square(y_true - y_pred).mean(-1)


@op
def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of `|y_true - y_pred|` over the last axis.

    Args:
        y_true: The targets.
        y_pred: The predictions, of the same shape.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.mean_absolute_error([[1.0, 2.0]], [[0.0, 4.0]]).tolist()
        [1.5]
    """
    y_true, y_pred = matched(y_true, y_pred)
    return torch.abs(y_true - y_pred).mean(-1)


@op
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """Return 100 times the mean of `|y_true - y_pred| / max(|y_true|, ε)` over the last axis.

    Args:
        y_true: The targets; ε is `torchkeras.config.epsilon()`.
        y_pred: The predictions, of the same shape.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis, in percent.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).tolist()
        [25.0]
    """
    y_true, y_pred = matched(y_true, y_pred)
    return 100.0 * torch.abs((y_true - y_pred) / y_true.abs().clamp(min=epsilon())).mean(-1)


@op
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of `(log(1 + y_true) - log(1 + y_pred))²` over the last axis.

    Args:
        y_true: The targets; those below `torchkeras.config.epsilon()` count as that.
        y_pred: The predictions, of the same shape, likewise.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis.

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.mean_squared_logarithmic_error([[0.0]], [[1.0]])
        >>> round(loss.item(), 4)
        0.4805
    """
    y_true, y_pred = matched(y_true, y_pred)
    log_true = torch.log(y_true.clamp(min=epsilon()) + 1.0)
    log_pred = torch.log(y_pred.clamp(min=epsilon()) + 1.0)
    return torch.square(log_pred - log_true).mean(-1)


@op
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Return the mean of `d²/2` where `|d| ≤ delta`, of `delta (|d| - delta/2)` beyond.

    Args:
        y_true: The targets.
        y_pred: The predictions, of the same shape; `d` is their difference.
        delta: Where the parabola becomes a line.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis.

    Source:
        https://en.wikipedia.org/wiki/Huber_loss

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
        [1.5]
    """
    y_true, y_pred = matched(y_true, y_pred)
    error = y_pred - y_true
    size = error.abs()
    return torch.where(
        size <= delta, 0.5 * torch.square(error), delta * size - 0.5 * delta * delta
    ).mean(-1)


@op
def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of `log(cosh(y_pred - y_true))` over the last axis.

    Args:
        y_true: The targets.
        y_pred: The predictions, of the same shape.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis.

    Example:
        >>> import torchkeras
        >>> round(torchkeras.losses.log_cosh([[0.0]], [[1.0]]).item(), 4)
        0.4338
    """
    y_true, y_pred = matched(y_true, y_pred)
    error = y_pred - y_true
    return (error + F.softplus(-2.0 * error) - math.log(2.0)).mean(-1)


def unit(x: Tensor, axis: int) -> Tensor:
    """Return `x` divided by its Euclidean norm along an axis; a zero vector stays one."""
    if x.ndim == 0:
        x = x.unsqueeze(0)
    squares = torch.square(x).sum(axis, keepdim=True)
    return x * torch.rsqrt(squares.clamp(min=epsilon() ** 2))


@op
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Return minus the cosine of the angle between `y_true` and `y_pred`: -1 is the best.

    Args:
        y_true: The targets.
        y_pred: The predictions, of the same shape.
        axis: The axis along which the vectors lie.

    Returns:
        The losses of the samples: the shape of `y_pred` without that axis; 0 for a zero vector.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.cosine_similarity([[0.0, 1.0]], [[0.0, 2.0]]).tolist()
        [-1.0]
    """
    y_true, y_pred = matched(y_true, y_pred)
    return -(unit(y_true, axis) * unit(y_pred, axis)).sum(axis)


@mean_of(mean_squared_error)
def _mean_squared(y_true: Tensor, y_pred: Tensor) -> Tensor | None:
    pair = alike(y_true, y_pred)
    return None if pair is None else F.mse_loss(pair[1], pair[0])


@mean_of(mean_absolute_error)
def _mean_absolute(y_true: Tensor, y_pred: Tensor) -> Tensor | None:
    pair = alike(y_true, y_pred)
    return None if pair is None else F.l1_loss(pair[1], pair[0])


@mean_of(huber)
def _mean_huber(y_true: Tensor, y_pred: Tensor, delta: float = 1.0) -> Tensor | None:
    pair = alike(y_true, y_pred)
    return None if pair is None or delta <= 0 else F.huber_loss(pair[1], pair[0], delta=delta)


class MeanSquaredError(BuiltinLoss):
    """The mean of `(y_true - y_pred)²`.

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.MeanSquaredError()([[1.0, 2.0]], [[0.0, 4.0]]).item()
        2.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(BuiltinLoss):
    """The mean of `|y_true - y_pred|`.

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.MeanAbsoluteError()([[1.0, 2.0]], [[0.0, 4.0]]).item()
        1.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(BuiltinLoss):
    """100 times the mean of `|y_true - y_pred| / max(|y_true|, ε)`.

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]).item()
        25.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(BuiltinLoss):
    """The mean of `(log(1 + y_true) - log(1 + y_pred))²`.

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.MeanSquaredLogarithmicError()
        >>> round(loss([[0.0]], [[1.0]]).item(), 4)
        0.4805
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class Huber(BuiltinLoss):
    """The mean of `d²/2` where `|d| ≤ delta`, of `delta (|d| - delta/2)` beyond.

    Args:
        delta: Where the parabola becomes a line.
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Differs from Keras:
        The config keeps `delta`, which Keras's forgets.

    Source:
        https://en.wikipedia.org/wiki/Huber_loss

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.Huber()([[0.0, 0.0]], [[1.0, 3.0]]).item()
        1.5
    """

    delta: float

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(BuiltinLoss):
    """The mean of `log(cosh(y_pred - y_true))`.

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> round(torchkeras.losses.LogCosh()([[0.0]], [[1.0]]).item(), 4)
        0.4338
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


class CosineSimilarity(BuiltinLoss):
    """Minus the cosine of the angle between `y_true` and `y_pred`: -1 is the best, 1 the worst.

    Args:
        axis: The axis along which the vectors lie.
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Differs from Keras:
        The config keeps `axis`, which Keras's forgets. The gradient at a zero vector is 0, not NaN.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.CosineSimilarity()([[0.0, 1.0]], [[0.0, 2.0]]).item()
        -1.0
    """

    axis: int

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
