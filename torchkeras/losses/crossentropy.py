"""Crossentropies, on torch's kernels where the predictions are logits."""

import warnings
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.masked import with_mask
from torchkeras._symbolic.op import op
from torchkeras.ops.nn import crossentropy

from .arguments import alike, check_same_shape, pair, shapes, to_float, to_tensor
from .wrapper import BuiltinLoss, mean_of


@op
def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Return the mean of `-y_true log(y_pred) - (1 - y_true) log(1 - y_pred)` over an axis.

    Args:
        y_true: The targets, 0 or 1 or between.
        y_pred: The predictions, of the same shape.
        from_logits: Whether the predictions are logits; they are probabilities otherwise.
        label_smoothing: How far the targets are moved towards 0.5: 0 not at all, 1 all the way.
        axis: The axis over which the mean is taken.

    Returns:
        The losses of the samples: the shape of `y_pred` without that axis.

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.binary_crossentropy([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
        >>> [round(value, 3) for value in loss.tolist()]
        [0.916, 0.714]
    """
    y_true, y_pred = pair(y_true, y_pred)
    return binary_losses(smooth_towards_half(y_true, label_smoothing), y_pred, from_logits).mean(
        axis
    )


def binary_losses(y_true: Tensor, y_pred: Tensor, from_logits: bool = False) -> Tensor:
    """Return the crossentropy of each value, probabilities kept off 0 and 1 by epsilon."""
    check_same_shape(y_true, y_pred)
    return crossentropy.binary_losses(y_true, y_pred, from_logits)


def smooth_towards_half(y_true: Tensor, label_smoothing: float) -> Tensor:
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing


@mean_of(binary_crossentropy, of="sigmoid")
def _mean_binary(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor | None:
    matching = alike(y_true, y_pred)
    if matching is None:
        return None
    y_true, y_pred = smooth_towards_half(matching[0], label_smoothing), matching[1]
    if from_logits:
        return F.binary_cross_entropy_with_logits(y_pred, y_true)
    return binary_losses(y_true, y_pred).mean()


@op
def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Return `-Σ y_true log(y_pred)` over the classes.

    Args:
        y_true: The targets: one-hot, or the probability of each class.
        y_pred: The predictions, of the same shape.
        from_logits: Whether the predictions are logits; otherwise they are divided by their sum.
        label_smoothing: How much of the targets is spread evenly over all classes.
        axis: The axis of the classes.

    Returns:
        The losses of the samples: the shape of `y_pred` without the axis of the classes.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.categorical_crossentropy([[0, 1, 0]], [[0.05, 0.95, 0.0]])
        >>> round(loss.item(), 4)
        0.0513
    """
    y_true, y_pred = class_pair(y_true, y_pred, axis, "categorical_crossentropy")
    y_true = smooth_towards_even(y_true, label_smoothing)
    check_same_shape(y_true, y_pred)
    return -(y_true * crossentropy.log_probabilities(y_pred, from_logits, axis)).sum(axis)


def class_pair(y_true: Any, y_pred: Any, axis: Any, name: str) -> tuple[Tensor, Tensor]:
    """Return targets and predictions over classes as tensors; warn if there is but one class."""
    if isinstance(axis, bool):
        raise ValueError(f"`axis` must be an integer. Received: axis={axis} (of type bool).")
    y_true, y_pred = pair(y_true, y_pred)
    if y_pred.ndim and y_pred.shape[-1] == 1:
        warnings.warn(
            f"In loss {name}, `y_pred` should have the shape (batch_size, num_classes) with more "
            f"than one class. Received: y_pred.shape={tuple(y_pred.shape)}. For two classes, "
            "consider 'binary_crossentropy'.",
            SyntaxWarning,
            stacklevel=4,
        )
    return y_true, y_pred


def smooth_towards_even(y_true: Tensor, label_smoothing: float) -> Tensor:
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]


@mean_of(categorical_crossentropy, of="softmax")
def _mean_categorical(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor | None:
    if not from_logits or y_pred.ndim < 2 or axis not in (-1, y_pred.ndim - 1):
        return None
    matching = None if y_pred.shape[-1] == 1 else alike(y_true, y_pred)
    if matching is None:
        return None
    y_true, y_pred = matching
    if y_pred.ndim > 2:
        y_true, y_pred = y_true.flatten(0, -2), y_pred.flatten(0, -2)
    return F.cross_entropy(y_pred, y_true, label_smoothing=label_smoothing)


@op
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """Return `-log(y_pred[y_true])`, the targets being the numbers of classes.

    Args:
        y_true: The number of the right class of each sample.
        y_pred: The predictions: the shape of `y_true`, and an axis of classes.
        from_logits: Whether the predictions are logits; otherwise they are divided by their sum.
        ignore_class: A number that stands for no class: samples that have it lose nothing, and
            the result carries a mask that leaves them out of means.
        axis: The axis of the classes.

    Returns:
        The losses of the samples, in the shape of `y_true`.

    Raises:
        ValueError: If the shapes do not agree.

    Example:
        >>> import torchkeras
        >>> y_pred = [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]
        >>> loss = torchkeras.losses.sparse_categorical_crossentropy([1, 2], y_pred)
        >>> [round(value, 3) for value in loss.tolist()]
        [0.051, 2.303]
    """
    y_pred = to_float(y_pred, like=y_true)
    labels = _labels(to_tensor(y_true, like=y_pred), y_pred, axis)
    if ignore_class is None:
        return _sparse_losses(labels, y_pred, from_logits, axis, "none")
    valid = labels != ignore_class
    labels = torch.where(valid, labels, 0)
    y_pred = torch.where(valid.unsqueeze(axis), y_pred, 0.0)
    losses = torch.where(valid, _sparse_losses(labels, y_pred, from_logits, axis, "none"), 0.0)
    return with_mask(losses, valid)


def _labels(y_true: Tensor, y_pred: Tensor, axis: int) -> Tensor:
    """Return the targets as integers, in the shape of `y_pred` without the axis of the classes."""
    if y_pred.ndim == 0:
        raise ValueError(f"`y_pred` must have an axis of classes. Received: y_pred={show(y_pred)}.")
    if y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1:
        y_true = y_true.squeeze(axis)
    kept = y_pred.shape[:-1] if axis == -1 else (*y_pred.shape[:axis], *y_pred.shape[axis:][1:])
    if y_true.shape != kept:
        raise ValueError(
            "`y_true` must hold one class number for each sample: the shape of `y_pred` without "
            f"the axis of the classes (axis={axis}). Received: {shapes(y_true, y_pred)}. One-hot "
            "targets go with 'categorical_crossentropy'."
        )
    return y_true if y_true.dtype is torch.int64 else y_true.long()


def _sparse_losses(
    labels: Tensor, y_pred: Tensor, from_logits: bool, axis: int, reduction: str
) -> Tensor:
    try:
        return crossentropy.sparse_losses(labels, y_pred, from_logits, axis, reduction)
    except IndexError as error:
        raise _no_such_class(labels, y_pred.shape[axis]) from error


def _no_such_class(labels: Tensor, classes: int) -> ValueError:
    lowest, highest = labels.min().item(), labels.max().item()
    return ValueError(
        f"`y_true` must hold class numbers from 0 to {classes - 1}, as the outputs have {classes} "
        f"classes. Received: numbers from {lowest} to {highest}. Give the last layer a unit for "
        "each class, begin counting at 0, or pass `ignore_class` for a number that is no class."
    )


@mean_of(sparse_categorical_crossentropy, takes_labels=True, of="softmax")
def _mean_sparse(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor | None:
    if ignore_class is not None or y_pred.numel() == 0:
        return None
    labels = _labels(y_true, y_pred, axis)
    # A label of -100 adds nothing to the sum but counts: torch's own mean would not count it.
    return _sparse_losses(labels, y_pred, from_logits, axis, "sum") / labels.numel()


class BinaryCrossentropy(BuiltinLoss):
    """The mean of `-y_true log(y_pred) - (1 - y_true) log(1 - y_pred)`.

    Args:
        from_logits: Whether the predictions are logits; they are probabilities otherwise.
        label_smoothing: How far the targets are moved towards 0.5: 0 not at all, 1 all the way.
        axis: The axis over which the mean of a sample is taken.
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.BinaryCrossentropy()
        >>> round(loss([0, 1, 0, 0], [0.6, 0.4, 0.4, 0.6]).item(), 3)
        0.815
    """

    from_logits: bool
    label_smoothing: float
    axis: int

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class CategoricalCrossentropy(BuiltinLoss):
    """The mean of `-Σ y_true log(y_pred)` over the classes, the targets being one-hot.

    Args:
        from_logits: Whether the predictions are logits; otherwise they are divided by their sum.
        label_smoothing: How much of the targets is spread evenly over all classes.
        axis: The axis of the classes.
        reduction: As in `Loss`.
        name: The name.
        dtype: As in `Loss`.

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.CategoricalCrossentropy()
        >>> round(loss([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]).item(), 3)
        1.177
    """

    from_logits: bool
    label_smoothing: float
    axis: int

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip


class SparseCategoricalCrossentropy(BuiltinLoss):
    """The mean of `-log(y_pred[y_true])`, the targets being the numbers of classes.

    Args:
        from_logits: Whether the predictions are logits; otherwise they are divided by their sum.
        ignore_class: A number that stands for no class: samples that have it do not count.
        reduction: As in `Loss`.
        axis: The axis of the classes.
        name: The name.
        dtype: As in `Loss`.

    Differs from Keras:
        The config keeps `axis`, which Keras's forgets.

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.losses.SparseCategoricalCrossentropy()
        >>> round(loss([1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]).item(), 3)
        1.177
    """

    from_logits: bool
    ignore_class: int | None
    axis: int

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy, reduction, name, dtype,
            from_logits=from_logits, ignore_class=ignore_class, axis=axis,
        )  # fmt: skip
