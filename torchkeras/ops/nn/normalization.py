"""Means, variances, and tensors scaled by them."""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._base.settings import epsilon as default_epsilon
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras.ops.operands import dims, inexact

Axis = int | Sequence[int]


@op
def moments(
    x: Any, axes: Axis, keepdims: bool = False, synchronized: bool = False
) -> tuple[Tensor, Tensor]:
    """Return the mean and the biased variance over axes.

    Args:
        x: A tensor.
        axes: The axes.
        keepdims: Whether they stay with size 1.
        synchronized: Whether the batches of all devices count; not on torch, where
            `torch.nn.SyncBatchNorm` does that.

    Raises:
        NotImplementedError: If `synchronized` is true.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.moments([[1.0, 3.0], [2.0, 2.0]], axes=1)
        (tensor([2., 2.]), tensor([1., 0.]))
    """
    if synchronized:
        raise NotImplementedError(
            "`synchronized` must be False: moments over all devices are not available on torch. "
            "Received: synchronized=True. Use `torch.nn.SyncBatchNorm` in a model instead."
        )
    value = inexact(x)
    wide = value.float() if value.dtype is torch.float16 else value
    variance, mean = torch.var_mean(wide, dims(wide, axes), correction=0, keepdim=keepdims)
    return _back(mean, value.dtype), _back(variance, value.dtype)


def _back(x: Tensor, dtype: torch.dtype) -> Tensor:
    if x.dtype is dtype:
        return x
    limits = torch.finfo(dtype)
    return x.clamp(limits.min, limits.max).to(dtype)


@op
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """Return `(x - mean) / √(variance + epsilon) · scale + offset`.

    Args:
        x: A tensor.
        mean: The mean of each channel.
        variance: The variance of each channel.
        axis: The axis of the channels.
        offset: What is added to each channel.
        scale: What each channel is multiplied by.
        epsilon: Keeps the root off zero.

    Example:
        >>> import torchkeras
        >>> x = [[1.0, 2.0], [3.0, 4.0]]
        >>> torchkeras.ops.batch_normalization(x, [2.0, 3.0], [1.0, 1.0], axis=-1, epsilon=0)
        tensor([[-1., -1.],
                [ 1.,  1.]])
    """
    value = tensor(x)
    shape = [1] * value.dim()
    shape[axis] = tensor(mean).shape[0]
    middle, width = tensor(mean).reshape(shape), tensor(variance).reshape(shape)
    factor = torch.rsqrt(width + epsilon)
    if scale is not None:
        factor = factor * tensor(scale).reshape(shape)
    scaled = (value - middle) * factor
    return scaled if offset is None else scaled + tensor(offset).reshape(shape)


@op
def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axis: Axis = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Tensor:
    """Return `(x - mean) / √(variance + epsilon) · gamma + beta`, with the moments of `axis`.

    Args:
        x: A tensor.
        gamma: What the result is multiplied by; of the shape of the axes.
        beta: What is added to that; of the shape of the axes.
        axis: The axes that are normalized together.
        epsilon: Keeps the root off zero; `epsilon()` of the config if not given.
        **kwargs: `rms_scaling`, with which no mean is subtracted and no `beta` added; deprecated.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.layer_normalization([[1.0, 3.0], [2.0, 6.0]])
        tensor([[-1.,  1.],
                [-1.,  1.]])
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise TypeError(f"`layer_normalization` does not take {', '.join(sorted(kwargs))}.")
    value = tensor(x)
    wide = _at_least_float32(value)
    axes = sorted(dims(wide, axis))
    weight, bias = (None if p is None else tensor(p).to(wide.dtype) for p in (gamma, beta))
    small = default_epsilon() if epsilon is None else epsilon
    if rms_scaling:
        warnings.warn(
            "`rms_scaling=True` is deprecated: it divides by the standard deviation, not by the "
            "root mean square. Use `ops.rms_normalization`.",
            stacklevel=3,
        )
        scaled = wide * torch.rsqrt(wide.var(axes, correction=0, keepdim=True) + small)
        weight = None if weight is None else _beside(weight, wide, axes)
        return (scaled if weight is None else scaled * weight).to(value.dtype)
    return _layer_norm(wide, weight, bias, axes, small).to(value.dtype)


def _layer_norm(
    x: Tensor, gamma: Tensor | None, beta: Tensor | None, axes: list[int], epsilon: float
) -> Tensor:
    shape = [x.shape[a] for a in axes]
    fits = all(p is None or list(p.shape) == shape for p in (gamma, beta))
    if fits and axes == list(range(x.dim() - len(axes), x.dim())):
        return F.layer_norm(x, shape, gamma, beta, epsilon)
    variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    scaled = (x - mean) * torch.rsqrt(variance + epsilon)
    if gamma is not None:
        scaled = scaled * _beside(gamma, x, axes)
    return scaled if beta is None else scaled + _beside(beta, x, axes)


def _beside(parameter: Tensor, x: Tensor, axes: list[int]) -> Tensor:
    """Show a parameter of the shape of some axes so that it broadcasts to the whole tensor."""
    if parameter.numel() != math.prod(x.shape[a] for a in axes):
        return parameter
    return parameter.reshape([x.shape[a] if a in axes else 1 for a in range(x.dim())])


def _at_least_float32(x: Tensor) -> Tensor:
    return x if x.dtype in (torch.float32, torch.float64) else x.float()


@op
def rms_normalization(
    x: Any, scale: Any = None, axis: Axis = -1, epsilon: float | None = None
) -> Tensor:
    """Return `x / √(mean(x²) + epsilon) · scale`.

    Args:
        x: A tensor.
        scale: What the result is multiplied by.
        axis: The axes that are normalized together.
        epsilon: Keeps the root off zero; `epsilon()` of the config if not given.

    Source:
        Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.rms_normalization([[3.0, 4.0]])
        tensor([[0.8485, 1.1314]])
    """
    value = tensor(x)
    wide = _at_least_float32(value)
    wide = wide.unsqueeze(0) if wide.dim() == 0 else wide
    axes = sorted(dims(wide, axis))
    weight = None if scale is None else tensor(scale).to(wide.dtype)
    small = default_epsilon() if epsilon is None else epsilon
    shape = [wide.shape[a] for a in axes]
    last = axes == list(range(wide.dim() - len(axes), wide.dim()))
    if last and (weight is None or list(weight.shape) == shape):
        return F.rms_norm(wide, shape, weight, small).to(value.dtype)
    scaled = wide * torch.rsqrt(wide.square().mean(axes, keepdim=True) + small)
    return (scaled if weight is None else scaled * weight).to(value.dtype)


@op
def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: float | None = None) -> Tensor:
    """Return `x` divided by its norm along an axis.

    Args:
        x: A tensor.
        axis: The axis.
        order: Which norm: 1 for the sum of absolute values, 2 for the Euclidean one, and so on.
        epsilon: The least that is divided by; `epsilon()` of the config if not given.

    Raises:
        ValueError: If `order` is no positive integer.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.normalize([3.0, 4.0])
        tensor([0.6000, 0.8000])
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"`order` must be an integer of at least 1. Received: order={order!r}.")
    value = inexact(x)
    value = value.unsqueeze(0) if value.dim() == 0 else value
    small = default_epsilon() if epsilon is None else epsilon
    norm = torch.linalg.vector_norm(value, order, dims(value, axis), keepdim=True)
    return value / norm.clamp(min=small)


@op
def psnr(x1: Any, x2: Any, max_val: float) -> Tensor:
    """Return the peak signal-to-noise ratio `20 log10(max_val) - 10 log10(mean((x1 - x2)²))`.

    Args:
        x1: A tensor.
        x2: A tensor of the same shape.
        max_val: The greatest possible value.

    Returns:
        A scalar, in decibels.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.psnr([0.0, 1.0], [0.1, 0.9], max_val=1.0)
        tensor(20.0000)
    """
    first, second = tensor(x1), tensor(x2)
    if first.shape != second.shape:
        raise ValueError(
            "`x1` and `x2` must have the same shape. Received: "
            f"x1={show(first)}, x2={show(second)}."
        )
    error = (inexact(first) - inexact(second)).square().mean()
    peak = max_val if isinstance(max_val, (int, float)) else tensor(max_val).to(error.dtype)
    top = 20 * math.log10(peak) if isinstance(peak, (int, float)) else 20 * torch.log10(peak)
    return top - 10 * torch.log10(error)
