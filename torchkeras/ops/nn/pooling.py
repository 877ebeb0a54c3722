"""Poolings: the maximum or the mean under a window, over 1 to 3 axes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.geometry import padding_mode, sizes
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras.ops.operands import inexact

from .window import (
    channels_back,
    channels_second,
    padded_evenly,
    rank_of,
    same_pads,
    torch_order,
)

Sizes = int | Sequence[int]
_MAX: dict[int, Callable[..., Tensor]] = {
    1: torch.max_pool1d,
    2: torch.max_pool2d,
    3: torch.max_pool3d,
}
_AVERAGE: dict[int, Callable[..., Tensor]] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_ADAPTIVE_MAX: dict[int, Callable[..., Any]] = {
    1: F.adaptive_max_pool1d,
    2: F.adaptive_max_pool2d,
    3: F.adaptive_max_pool3d,
}
_ADAPTIVE_AVERAGE: dict[int, Callable[..., Tensor]] = {
    1: F.adaptive_avg_pool1d,
    2: F.adaptive_avg_pool2d,
    3: F.adaptive_avg_pool3d,
}


@op
def max_pool(
    inputs: Any,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Return the maximum under a window that slides over 1, 2 or 3 axes.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)`.
        pool_size: The lengths of the window.
        strides: How far the window moves; `pool_size` if not given.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.max_pool([[[1.0], [3.0], [2.0], [5.0]]], 2).flatten()
        tensor([3., 5.])
    """
    x, window, steps, pads = _window(tensor(inputs), pool_size, strides, padding, data_format)
    x, around = padded_evenly(x, pads, _lowest(x.dtype))
    if any(2 * n > size for n, size in zip(around, window, strict=True)):  # torch pads no more
        x, around = F.pad(x, torch_order(pads), value=_lowest(x.dtype)), [0] * len(window)
    return channels_back(_MAX[len(window)](x, window, steps, around), data_format)


def _lowest(dtype: torch.dtype) -> float:
    return float("-inf") if dtype.is_floating_point else torch.iinfo(dtype).min


@op
def average_pool(
    inputs: Any,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Return the mean under a window that slides over 1, 2 or 3 axes.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)`.
        pool_size: The lengths of the window.
        strides: How far the window moves; `pool_size` if not given.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up). As in
            Keras, even padding is left out of the means, and uneven padding repeats the edges.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.average_pool([[[1.0], [3.0], [2.0], [5.0]]], 2).flatten()
        tensor([2.0000, 3.5000])
    """
    x, window, steps, pads = _window(inexact(inputs), pool_size, strides, padding, data_format)
    pool = _AVERAGE[len(window)]
    if all(before == after for before, after in pads):
        around = [before for before, _ in pads]
        pooled = pool(x, window, steps, around, count_include_pad=False)
    else:
        pooled = pool(F.pad(x, torch_order(pads), mode="replicate"), window, steps)
    return channels_back(pooled, data_format)


def _window(
    x: Tensor, pool_size: Sizes, strides: Sizes | None, padding: str, data_format: str | None
) -> tuple[Tensor, tuple[int, ...], tuple[int, ...], list[tuple[int, int]]]:
    """Return inputs with their channels second, the window, its steps and the padding."""
    rank = rank_of(x)
    window = sizes("pool_size", pool_size, rank)
    steps = window if strides is None else sizes("strides", strides, rank)
    x = channels_second(x, data_format)
    pads = [(0, 0)] * rank
    if padding_mode(padding) == "same":
        pads = same_pads(x, window, steps)
    return x, window, steps, pads


@op
def adaptive_max_pool(inputs: Any, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """Return the maxima of as many windows as the result shall have places.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)`.
        output_size: How many places the result has along each axis.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.adaptive_max_pool([[[1.0], [3.0], [2.0], [5.0]]], 2).flatten()
        tensor([3., 5.])
    """
    return _adaptive(_ADAPTIVE_MAX, tensor(inputs), output_size, data_format)


@op
def adaptive_average_pool(
    inputs: Any, output_size: Sizes, data_format: str | None = None
) -> Tensor:
    """Return the means of as many windows as the result shall have places.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)`.
        output_size: How many places the result has along each axis.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.adaptive_average_pool([[[1.0], [3.0], [2.0], [5.0]]], 2).flatten()
        tensor([2.0000, 3.5000])
    """
    return _adaptive(_ADAPTIVE_AVERAGE, inexact(inputs), output_size, data_format)


def _adaptive(
    pools: dict[int, Callable[..., Tensor]], x: Tensor, output_size: Sizes, data_format: str | None
) -> Tensor:
    rank = rank_of(x)
    places: Any = sizes("output_size", output_size, rank)
    return channels_back(pools[rank](channels_second(x, data_format), places), data_format)
