"""Losses that compare distributions, and one that bears wrong labels."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.settings import epsilon
from torchkeras._symbolic.op import op

from .arguments import matched, shapes, to_float, to_tensor
from .wrapper import BuiltinLoss


@op
def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Return `Σ y_true log(y_true / y_pred)` over the last axis.

    Args:
        y_true: The target probabilities, kept off 0 by epsilon.
        y_pred: The predicted probabilities, of the same shape, likewise.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.kl_divergence([[0.5, 0.5]], [[0.5, 0.5]]).tolist()
        [0.0]
    """
    y_true, y_pred = matched(y_true, y_pred, same_rank=False)
    y_true, y_pred = y_true.clamp(epsilon(), 1.0), y_pred.clamp(epsilon(), 1.0)
    return (y_true * torch.log(y_true / y_pred)).sum(-1)


@op
def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """Return the mean of `y_pred - y_true log(y_pred + ε)` over the last axis.

    Args:
        y_true: The targets: counts. ε is `torchkeras.config.epsilon()`.
        y_pred: The predicted rates, of the same shape.

    Returns:
        The losses of the samples: the shape of `y_pred` without its last axis.

    Example:
        >>> import torchkeras
        >>> round(torchkeras.losses.poisson([[0.0, 2.0]], [[1.0, 1.0]]).item(), 4)
        1.0
    """
    y_true, y_pred = matched(y_true, y_pred, same_rank=False)
    return (y_pred - y_true * torch.log(y_pred + epsilon())).mean(-1)


@op
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """Return `(1 - p^q) / q`, `p` being the predicted probability of the right class.

    Args:
        y_true: The number of the right class of each sample.
        y_pred: The predicted probabilities: the shape of `y_true`, and an axis of classes.
        q: Between 0 (the crossentropy) and 1 (the mean absolute error).

    Returns:
        The losses of the samples, in the shape of `y_true`.

    Source:
        Zhang and Sabuncu, 2018, https://arxiv.org/abs/1805.07836

    Example:
        >>> import torchkeras
        >>> losses = torchkeras.losses
        >>> losses.categorical_generalized_cross_entropy([0], [[0.25, 0.75]], q=0.5).tolist()
        [1.0]
    """
    y_pred = to_float(y_pred, like=y_true)
    labels = to_tensor(y_true, torch.int64, y_pred)
    if labels.shape not in (y_pred.shape[:-1], (*y_pred.shape[:-1], 1)):
        raise ValueError(
            "`y_true` must hold one class number for each sample. "
            f"Received: {shapes(labels, y_pred)}."
        )
    one_hot = F.one_hot(labels, y_pred.shape[-1]).to(y_pred.dtype)
    return (1.0 - torch.pow((y_pred * one_hot).sum(-1), q)) / q


class KLDivergence(BuiltinLoss):
    """The mean of `Σ y_true log(y_true / y_pred)` over the last axis.

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> torchkeras.losses.KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]).item()
        0.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(BuiltinLoss):
    """The mean of `y_pred - y_true log(y_pred + ε)`.

    Args:
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> round(torchkeras.losses.Poisson()([[0.0, 2.0]], [[1.0, 1.0]]).item(), 4)
        1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)


class CategoricalGeneralizedCrossEntropy(BuiltinLoss):
    """The mean of `(1 - p^q) / q`, `p` being the predicted probability of the right class.

    Args:
        q: Between 0 (the crossentropy) and 1 (the mean absolute error), both excluded.
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Raises:
        ValueError: If `q` is not between 0 and 1.

    Source:
        Zhang and Sabuncu, 2018, https://arxiv.org/abs/1805.07836

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.CategoricalGeneralizedCrossEntropy()
        >>> loss([0, 1], [[0.25, 0.75], [0.0, 1.0]]).item()
        0.5
    """

    q: float

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(f"`q` must lie between 0 and 1, both excluded. Received: q={q!r}.")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
