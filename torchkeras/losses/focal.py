"""Focal crossentropies, which pay less attention to what is easy."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._symbolic.op import op
from torchkeras.ops.nn.crossentropy import probabilities

from .arguments import pair
from .crossentropy import (
    binary_losses,
    class_pair,
    smooth_towards_even,
    smooth_towards_half,
)
from .wrapper import BuiltinLoss


@op
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Return the mean of `(1 - p)^gamma` times the crossentropy, `p` being the right answer's.

    Args:
        y_true: The targets, 0 or 1.
        y_pred: The predictions, of the same shape.
        apply_class_balancing: Whether the classes are weighed by `alpha` and `1 - alpha`.
        alpha: The weight of class 1; class 0 has the rest.
        gamma: How much less the easy samples count; 0 is the plain crossentropy.
        from_logits: Whether the predictions are logits; they are probabilities otherwise.
        label_smoothing: How far the targets are moved towards 0.5: 0 not at all, 1 all the way.
        axis: The axis over which the mean is taken.

    Returns:
        The losses of the samples: the shape of `y_pred` without that axis.

    Source:
        Lin et al., 2018, https://arxiv.org/abs/1708.02002

    Example:
        >>> import torchkeras
        >>> y_pred = [[0.6, 0.4], [0.4, 0.6]]
        >>> loss = torchkeras.losses.binary_focal_crossentropy([[0, 1], [0, 0]], y_pred)
        >>> [round(value, 3) for value in loss.tolist()]
        [0.33, 0.206]
    """
    y_true, y_pred = pair(y_true, y_pred)
    y_true = smooth_towards_half(y_true, label_smoothing)
    if from_logits:
        y_pred = torch.sigmoid(y_pred)
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    losses = torch.pow(1.0 - right, gamma) * binary_losses(y_true, y_pred)
    if apply_class_balancing:
        losses = losses * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return losses.mean(axis)


@op
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Return `-Σ alpha (1 - y_pred)^gamma y_true log(y_pred)` over the classes.

    Args:
        y_true: The targets: one-hot, or the probability of each class.
        y_pred: The predictions, of the same shape.
        alpha: The weight of all classes, or a list with one for each.
        gamma: How much less the easy samples count; 0 is the plain crossentropy.
        from_logits: Whether the predictions are logits; otherwise they are divided by their sum.
        label_smoothing: How much of the targets is spread evenly over all classes.
        axis: The axis of the classes.

    Returns:
        The losses of the samples: the shape of `y_pred` without the axis of the classes.

    Source:
        Lin et al., 2018, https://arxiv.org/abs/1708.02002

    Example:
        >>> import torchkeras
        >>> y_pred = [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]
        >>> loss = torchkeras.losses.categorical_focal_crossentropy([[0, 1, 0], [0, 0, 1]], y_pred)
        >>> round(loss[1].item(), 4)
        0.4663
    """
    y_true, y_pred = class_pair(y_true, y_pred, axis, "categorical_focal_crossentropy")
    y_true = smooth_towards_even(y_true, label_smoothing)
    if from_logits:
        y_pred = F.softmax(y_pred, axis)
    probability = probabilities(y_pred, axis)
    if isinstance(alpha, (list, tuple)):
        alpha = torch.tensor(alpha, dtype=y_pred.dtype, device=y_pred.device)
    weight = alpha * torch.pow(1.0 - probability, gamma)
    return -(weight * y_true * torch.log(probability)).sum(axis)


class BinaryFocalCrossentropy(BuiltinLoss):
    """The mean of `(1 - p)^gamma` times the crossentropy, `p` being the right answer's probability.

    Args:
        apply_class_balancing: Whether the classes are weighed by `alpha` and `1 - alpha`.
        alpha: The weight of class 1; class 0 has the rest.
        gamma: How much less the easy samples count; 0 is the plain crossentropy.
        from_logits: Whether the predictions are logits; they are probabilities otherwise.
        label_smoothing: How far the targets are moved towards 0.5: 0 not at all, 1 all the way.
        axis: The axis over which the mean of a sample is taken.
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Source:
        Lin et al., 2018, https://arxiv.org/abs/1708.02002

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.BinaryFocalCrossentropy(gamma=2.0)
        >>> round(loss([0, 1, 0, 0], [0.6, 0.4, 0.4, 0.6]).item(), 3)
        0.268
    """

    apply_class_balancing: bool
    alpha: float
    gamma: float
    from_logits: bool
    label_smoothing: float
    axis: int

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
            apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma,
        )  # fmt: skip


class CategoricalFocalCrossentropy(BuiltinLoss):
    """The mean of `-Σ alpha (1 - y_pred)^gamma y_true log(y_pred)` over the classes.

    Args:
        alpha: The weight of all classes, or a list with one for each.
        gamma: How much less the easy samples count; 0 is the plain crossentropy.
        from_logits: Whether the predictions are logits; otherwise they are divided by their sum.
        label_smoothing: How much of the targets is spread evenly over all classes.
        axis: The axis of the classes.
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Source:
        Lin et al., 2018, https://arxiv.org/abs/1708.02002

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.CategoricalFocalCrossentropy()
        >>> round(loss([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]).item(), 4)
        0.2332
    """

    alpha: Any
    gamma: float
    from_logits: bool
    label_smoothing: float
    axis: int

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
            alpha=alpha, gamma=gamma,
        )  # fmt: skip
