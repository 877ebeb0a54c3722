"""Averages, quantiles, counts and correlations."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of, show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import beside, dims, inexact, promoted
from .reduction import Axis, mean, ordered, sum

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


@op
def average(x: Any, axis: Axis = None, weights: Any = None) -> Tensor:
    """Return the weighted mean over axes, `Σ w x / Σ w`.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        weights: The weights, in the shape of `x` or, for one axis, a vector along it.

    Raises:
        ValueError: If the weights have another shape.

    Example:
        >>> from torchkeras import ops
        >>> ops.average([1.0, 4.0], weights=[2.0, 1.0]).item()
        2.0
    """
    if weights is None:
        return mean(x, axis)
    value, factor = promoted(x, weights, floats=True)
    if not dims(value, axis):
        return value
    if factor.shape != value.shape:
        factor = _laid_along(factor, value, axis)
    return sum(value * factor, axis) / sum(factor, axis)


@op
def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the median over axes; the mean of the middle two of an even number.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.median([1.0, 5.0, 2.0, 4.0]).item()
        3.0
    """
    return quantile(x, 0.5, axis, keepdims=keepdims)


@op
def quantile(
    x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the value over axes below which a part of the values lies.

    Args:
        x: A tensor.
        q: The part, from 0 to 1; for a vector of them the result has a first axis more.
        axis: The axes; all if not given.
        method: What to return between two values: `"linear"`, `"lower"`, `"higher"`,
            `"midpoint"` or `"nearest"`.
        keepdims: Whether the axes stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.quantile([1.0, 2.0, 3.0], [0.25, 0.5]).tolist()
        [1.5, 2.0]
    """
    return _quantile(torch.quantile, x, q, axis, method, keepdims)


@op
def percentile(
    x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the value over axes below which so many percent of the values lie.

    Args:
        x: A tensor.
        q: The percentage, from 0 to 100; for a vector of them the result has a first axis more.
        axis: The axes; all if not given.
        method: What to return between two values, as in `quantile`.
        keepdims: Whether the axes stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.percentile([1.0, 2.0, 3.0], 25).item()
        1.5
    """
    return _quantile(torch.quantile, x, _part(q), axis, method, keepdims)


@op
def nanmedian(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the median over axes of what is a number.

    Args:
        x: A tensor.
        axis: The axes; all if not given.
        keepdims: Whether they stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanmedian([1.0, float("nan"), 3.0]).item()
        2.0
    """
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


@op
def nanquantile(
    x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the quantile over axes of what is a number.

    Args:
        x: A tensor.
        q: The part, from 0 to 1; for a vector of them the result has a first axis more.
        axis: The axes; all if not given.
        method: What to return between two values, as in `quantile`.
        keepdims: Whether the axes stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanquantile([1.0, float("nan"), 3.0], 0.25).item()
        1.5
    """
    return _quantile(torch.nanquantile, x, q, axis, method, keepdims)


@op
def nanpercentile(
    x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the percentile over axes of what is a number.

    Args:
        x: A tensor.
        q: The percentage, from 0 to 100; for a vector of them the result has a first axis more.
        axis: The axes; all if not given.
        method: What to return between two values, as in `quantile`.
        keepdims: Whether the axes stay with size 1.

    Example:
        >>> from torchkeras import ops
        >>> ops.nanpercentile([1.0, float("nan"), 3.0], 25).item()
        1.5
    """
    return _quantile(torch.nanquantile, x, _part(q), axis, method, keepdims)


@op
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Tensor:
    """Return how often each whole number from 0 occurs, as int32, or the sums of their weights.

    Args:
        x: A vector of whole numbers from 0, or one in each row of a matrix.
        weights: What each counts, in the shape of `x`; 1 if not given.
        minlength: The least length of the result.
        sparse: Not possible on torch.

    Example:
        >>> from torchkeras import ops
        >>> ops.bincount([0, 2, 2]).tolist()
        [1, 0, 2]
    """
    if sparse:
        raise ValueError("Sparse tensors do not exist on torch. Received: sparse=True.")
    value = tensor(x)
    if weights is None:
        return _counts(value, None, minlength).to(torch.int32)
    factor = beside(weights, value)
    wanted = torch.promote_types(value.dtype, factor.dtype)
    return _counts(value, factor, minlength).to(wanted)


@op
def digitize(x: Any, bins: Any) -> Tensor:
    """Return the number of the bin that each value lies in, as int32; a bin begins at its edge.

    Args:
        x: A tensor.
        bins: The edges, a rising vector.

    Example:
        >>> from torchkeras import ops
        >>> ops.digitize([0.5, 1.0, 9.0], [1.0, 2.0]).tolist()
        [0, 1, 2]
    """
    value, edges = promoted(x, bins)
    if edges.dim() != 1:
        raise ValueError(f"`bins` must be a vector. Received: bins={show(edges)}.")
    return torch.bucketize(ordered(value), ordered(edges), right=True, out_int32=True)


@op
def histogram(
    x: Any, bins: int = 10, range: tuple[float, float] | None = None
) -> tuple[Tensor, Tensor]:
    """Return how many values lie in each of equal bins, and the edges of the bins.

    Args:
        x: A vector.
        bins: How many bins there are.
        range: The first and the last edge; the least and the largest value if not given.

    Raises:
        TypeError: If `bins` is no whole number.
        ValueError: If `x` is no vector, `bins` is negative, or `range` is no pair in order.

    Example:
        >>> from torchkeras import ops
        >>> ops.histogram([0.0, 1.0, 1.0, 4.0], bins=2)[0].tolist()
        [3.0, 1.0]
    """
    _check_histogram(bins, range)
    value = inexact(x)
    if value.dim() != 1:
        raise ValueError(
            f"`x` must be a vector. Received: x={show(value)}. Flatten it with `ops.ravel`."
        )
    if range is None:
        low, high = torch.aminmax(value) if value.numel() else (value.new_zeros(()),) * 2
    else:
        low, high = (beside(float(end), value).to(value) for end in range)
    apart = torch.where(high == low, 0.5, 0.0).to(value.dtype)
    low, high = low - apart, high + apart
    steps = torch.arange(bins + 1, device=value.device).to(value.dtype) / max(bins, 1)
    edges = torch.lerp(low, high, steps)
    place = ((value - low) * (bins / (high - low))).floor().clip(0, bins - 1)
    inside = ((value >= low) & (value <= high)).to(value.dtype)
    counts = torch.zeros(bins, dtype=value.dtype, device=value.device)
    return counts.index_add(0, place.nan_to_num().long(), inside), edges


@op
def corrcoef(x: Any) -> Tensor:
    """Return the correlations of the rows of a matrix with each other.

    Args:
        x: A matrix of one variable a row, or a vector.

    Example:
        >>> from torchkeras import ops
        >>> ops.corrcoef([[1.0, 3.0], [2.0, 0.0]]).tolist()
        [[1.0, -1.0], [-1.0, 1.0]]
    """
    rows = torch.atleast_2d(inexact(x))  # type: ignore[no-untyped-call]
    rows = rows - rows.mean(1, keepdim=True)
    products = rows @ rows.mH
    lengths = torch.diagonal(products).real.sqrt()
    result = products / torch.outer(lengths, lengths)
    result = result if result.is_complex() else result.clip(-1, 1)
    return result if tensor(x).dim() > 1 else result[0, 0]


@op
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Tensor:
    """Return the sums of products of a vector with another that is moved along it.

    Args:
        x1: A vector.
        x2: A vector.
        mode: `"full"` for every overlap, `"same"` for the middle of it in the length of the longer
            vector, `"valid"` for whole overlaps only.

    Example:
        >>> from torchkeras import ops
        >>> ops.correlate([1.0, 2.0, 3.0], [0.0, 1.0]).tolist()
        [2.0, 3.0]
    """
    one_of("mode", mode, ("valid", "same", "full"))
    first, second = promoted(x1, x2, floats=True)
    if first.dim() != 1 or second.dim() != 1:
        raise ValueError(
            f"`x1` and `x2` must be vectors. Received: x1={show(first)}, x2={show(second)}."
        )
    n, m = first.shape[0], second.shape[0]
    full = F.conv1d(first[None, None], second[None, None], padding=m - 1)[0, 0]
    lengths = {"full": n + m - 1, "same": max(n, m), "valid": abs(n - m) + 1}
    return full.narrow(0, (n + m - 1 - lengths[mode]) // 2, lengths[mode])


def _laid_along(weights: Tensor, value: Tensor, axis: Any) -> Tensor:
    """Return a vector of weights along one axis of a tensor."""
    along = dims(value, axis)
    if axis is None or len(along) != 1 or weights.shape != value.shape[along[0] : along[0] + 1]:
        raise ValueError(
            "`weights` must have the shape of `x`, or be a vector along one `axis`. Received: "
            f"weights of shape {tuple(weights.shape)}, x of shape {tuple(value.shape)}, "
            f"axis={axis}."
        )
    shape = [1] * value.dim()
    shape[along[0]] = -1
    return weights.reshape(shape).expand(value.shape)


def _part(q: Any) -> Any:
    """Return percentages as parts of 1."""
    if isinstance(q, (list, tuple)):
        return [_part(percentage) for percentage in q]
    return q / 100 if isinstance(q, (int, float)) else tensor(q).to(to_torch(None)) / 100


def _quantile(function: Any, x: Any, q: Any, axis: Axis, method: str, keepdims: bool) -> Tensor:
    """Move the axes to the end and flatten them, as torch's functions take one axis only."""
    one_of("method", method, _METHODS)
    value = inexact(x)
    wide = value.float() if value.dtype in (torch.float16, torch.bfloat16) else value
    over = dims(value, axis)
    if not over and isinstance(q, (int, float)):  # torch makes NaN of infinity
        return value
    rows = wide.unsqueeze(-1)
    if over:
        rows = wide.movedim(over, tuple(range(-len(over), 0))).flatten(-len(over))
    part = float(q) if isinstance(q, (int, float)) else beside(q, wide).to(wide)
    result = function(rows, part, dim=-1, interpolation=method).to(value.dtype)
    if keepdims:
        extra = result.dim() - (value.dim() - len(over))
        for place in sorted(over):
            result = result.unsqueeze(place + extra)
    return result


def _counts(value: Tensor, weights: Tensor | None, minlength: int) -> Tensor:
    """Count in a vector, or in each row of a matrix by giving each its own numbers."""
    if value.dim() < 2:
        return torch.bincount(value, weights, minlength)
    rows, size = value.shape[0], minlength
    if value.numel():
        size = max(size, int(value.max()) + 1)
    shifted = value + size * torch.arange(rows, device=value.device).unsqueeze(1)
    flat = None if weights is None else weights.reshape(-1)
    return torch.bincount(shifted.reshape(-1), flat, rows * size).reshape(rows, size)


def _check_histogram(bins: Any, ends: Any) -> None:
    if isinstance(bins, bool) or not isinstance(bins, int):
        raise TypeError(f"`bins` must be an integer. Received: bins={bins!r}.")
    if bins < 0:
        raise ValueError(f"`bins` must not be negative. Received: bins={bins}.")
    if ends and (not isinstance(ends, tuple) or len(ends) < 2 or ends[1] < ends[0]):
        raise ValueError(
            f"`range` must be a pair `(low, high)` in order. Received: range={ends!r}."
        )
