"""From the losses of single values to one number: weights, masks and reductions, as in Keras."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import one_of, show

from .arguments import broadcasts, squeeze_or_expand_to_same_rank, to_tensor

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)
MEANS = ("sum_over_batch_size", "mean")


def standardize_reduction(reduction: Any) -> str | None:
    """Return `reduction` if Keras knows it; otherwise raise a `ValueError`."""
    return one_of("reduction", reduction, REDUCTIONS)


def divide_no_nan(x: Tensor, divisor: Tensor) -> Tensor:
    """Return `x / divisor`, and 0 where the divisor is 0."""
    is_zero = divisor == 0
    return torch.where(is_zero, 0.0, x / torch.where(is_zero, 1.0, divisor))


def reduce_weighted_values(
    values: Tensor, sample_weight: Any, mask: Tensor | None, reduction: str | None
) -> Tensor:
    """Weigh and mask the values, and reduce them to one number (or to none, as asked)."""
    weight = None if sample_weight is None else to_tensor(sample_weight, values.dtype, values)
    if mask is not None:
        weight = apply_mask(weight, mask, values, reduction)
    if weight is not None:
        values, weight = squeeze_or_expand_to_same_rank(values, weight)
        values = _weighted(values, weight)
    return reduce_values(values, weight, reduction)


def apply_mask(sample_weight: Any, mask: Tensor, like: Tensor, reduction: str | None) -> Tensor:
    """Return the weights with the mask worked in, in the dtype and on the device of `like`.

    Where the values are going to be divided by their number, valid ones get the weight
    `number / number of valid ones`, so that the result is the mean of the valid ones.
    """
    kept = to_tensor(mask, like.dtype, like)
    if reduction in MEANS:
        valid = kept.sum()
        kept = kept * divide_no_nan(torch.full_like(valid, kept.numel()), valid)
    if sample_weight is None:
        return kept
    weight = to_tensor(sample_weight, like.dtype, like)
    kept, weight = squeeze_or_expand_to_same_rank(kept, weight)
    if not broadcasts(kept, weight):
        _refuse_weight(weight, kept, "the mask that the predictions carry")
    return weight * kept


def _weighted(values: Tensor, weight: Tensor) -> Tensor:
    if weight.shape != values.shape and not broadcasts(values, weight):
        _refuse_weight(weight, values, "the losses")
    return values * weight


def _refuse_weight(weight: Tensor, other: Tensor, what: str) -> None:
    raise ValueError(
        f"`sample_weight` must have a shape that broadcasts with {what}, {tuple(other.shape)}. "
        f"Received: sample_weight={show(weight)}. A weight for each sample has the shape "
        f"{(other.shape[0], *[1] * (other.ndim - 1))}."
    )


def reduce_values(values: Tensor, weight: Tensor | None, reduction: str | None) -> Tensor:
    """Reduce weighted values; `weight` is what `"mean_with_sample_weight"` divides by."""
    shape = values.shape
    if reduction is None or reduction == "none" or len(shape) == 0 or shape == (0,):
        return values
    if reduction == "sum" or values.numel() == 0:
        return values.sum()
    if reduction == "mean_with_sample_weight" and weight is not None:
        return divide_no_nan(values.sum(), weight.sum())
    return values.mean()
