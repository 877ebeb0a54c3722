"""Crossentropies of every value or sample, on torch's kernels where the predictions are logits."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._base.settings import epsilon
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras.ops.operands import inexact


@op
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """Return `-target log(output) - (1 - target) log(1 - output)` for every value.

    Args:
        target: The targets, 0 or 1 or between.
        output: The predictions, of the same shape.
        from_logits: Whether the predictions are logits; they are probabilities otherwise.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.binary_crossentropy([0.0, 1.0], [0.5, 0.25])
        tensor([0.6931, 1.3863])
    """
    predicted = inexact(output)
    wanted = tensor(target).to(predicted.dtype)
    _check_same_shape(wanted, predicted)
    return binary_losses(wanted, predicted, from_logits)


def binary_losses(target: Tensor, output: Tensor, from_logits: bool) -> Tensor:
    """Return the crossentropy of each value, probabilities kept off 0 and 1 by epsilon."""
    if from_logits:
        return F.binary_cross_entropy_with_logits(output, target, reduction="none")
    # Not torch's own kernel, which refuses NaN with an error that takes a GPU's context down.
    probability = output.clamp(epsilon(), 1.0 - epsilon())
    return -torch.lerp(torch.log1p(-probability), torch.log(probability), target)


@op
def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Return `-Σ target log(output)` over the classes.

    Args:
        target: The targets: one-hot, or the probability of each class.
        output: The predictions, of the same shape.
        from_logits: Whether the predictions are logits; otherwise they are divided by their sum.
        axis: The axis of the classes.

    Raises:
        ValueError: If the shapes differ, or there is no axis of classes.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.categorical_crossentropy([[0, 1, 0]], [[0.25, 0.5, 0.25]])
        tensor([0.6931])
    """
    predicted = inexact(output)
    wanted = tensor(target).to(predicted.dtype)
    _check_same_shape(wanted, predicted)
    _check_classes(predicted)
    return -(wanted * log_probabilities(predicted, from_logits, axis)).sum(axis)


def log_probabilities(output: Tensor, from_logits: bool, axis: int) -> Tensor:
    """Return the logarithms of predictions that sum to 1 over the classes."""
    if from_logits:
        return F.log_softmax(output, axis)
    return torch.log(probabilities(output, axis))


def probabilities(output: Tensor, axis: int) -> Tensor:
    """Return predictions that sum to 1 over the classes, kept off 0 and 1 by epsilon."""
    return (output / output.sum(axis, keepdim=True)).clamp(epsilon(), 1.0 - epsilon())


@op
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Return `-log(output[target])`, the targets being the numbers of classes.

    Args:
        target: The number of the right class of each sample.
        output: The predictions: the shape of `target`, and an axis of classes.
        from_logits: Whether the predictions are logits; otherwise they are divided by their sum.
        axis: The axis of the classes.

    Raises:
        ValueError: If the shapes do not go together.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.sparse_categorical_crossentropy([1], [[0.25, 0.5, 0.25]])
        tensor([0.6931])
    """
    predicted, labels = inexact(output), tensor(target).long()
    _check_classes(predicted)
    place = axis % predicted.dim()
    if labels.dim() == predicted.dim() and labels.shape[place] == 1:
        labels = labels.squeeze(place)
    if labels.shape != predicted.shape[:place] + predicted.shape[place + 1 :]:
        raise ValueError(
            "`target` must hold one class number for each sample: the shape of `output` without "
            f"the axis of the classes (axis={axis}). Received: target={show(labels)}, "
            f"output={show(predicted)}."
        )
    return sparse_losses(labels, predicted, from_logits, place)


def sparse_losses(
    labels: Tensor, output: Tensor, from_logits: bool, axis: int, reduction: str = "none"
) -> Tensor:
    """Run torch's kernel, which wants the classes on the axis 1, on views.

    Raises:
        IndexError: From torch, if a label is no class.
    """
    shape = labels.shape
    if output.dim() != 2 and axis in (-1, output.dim() - 1) and output.is_contiguous():
        output, labels = output.reshape(-1, output.shape[-1]), labels.reshape(-1)
    elif axis not in (1, 1 - output.dim()):
        output = output.movedim(axis, 1)
    if from_logits:
        losses = F.cross_entropy(output, labels, reduction=reduction)
    else:
        # Of several axes, the gradient of torch's kernel exists for contiguous input alone.
        log = log_probabilities(output, False, 1).contiguous()
        losses = F.nll_loss(log, labels, reduction=reduction)
    return losses if reduction == "sum" else losses.reshape(shape)


def _check_same_shape(target: Tensor, output: Tensor) -> None:
    if target.shape != output.shape:
        raise ValueError(
            "`target` and `output` must have the same shape. Received: "
            f"target={show(target)}, output={show(output)}."
        )


def _check_classes(output: Tensor) -> None:
    if output.dim() == 0:
        raise ValueError(f"`output` must have an axis of classes. Received: output={show(output)}.")
