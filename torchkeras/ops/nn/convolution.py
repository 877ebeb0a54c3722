"""Convolutions: plain and grouped, transposed, depthwise and separable, over 1 to 3 axes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.geometry import padding_mode, sizes, transposed_crop
from torchkeras._base.messages import show
from torchkeras._base.settings import standardize_data_format
from torchkeras._symbolic.op import op
from torchkeras.ops.operands import alike, inexact

from .window import (
    channels_back,
    channels_second,
    padded_evenly,
    rank_of,
    same_pads,
    torch_order,
)

Sizes = int | Sequence[int]
_CONV: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSED: dict[int, Callable[..., Tensor]] = {
    1: F.conv_transpose1d,
    2: F.conv_transpose2d,
    3: F.conv_transpose3d,
}


@op
def conv(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Return the convolution of `inputs` with `kernel`, over 1, 2 or 3 axes.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)`.
        kernel: `(*spatial, channels, filters)`; with fewer channels than the inputs, which these
            must be a multiple of, the convolution goes by groups.
        strides: How far the kernel moves.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the kernel's cells lie apart.

    Raises:
        ValueError: If the shapes do not go together.

    Example:
        >>> import torchkeras
        >>> x, kernel = torchkeras.ops.ones((1, 5, 1)), torchkeras.ops.ones((3, 1, 1))
        >>> torchkeras.ops.conv(x, kernel, padding="same").flatten()
        tensor([2., 3., 3., 3., 2.])
    """
    x, weight = _operands(inputs, kernel, "kernel")
    return _conv(x, weight, strides, padding, data_format, dilation_rate)


def _operands(inputs: Any, kernel: Any, name: str) -> tuple[Tensor, Tensor]:
    x, weight = alike(inexact(inputs), inexact(kernel))
    if weight.dim() != rank_of(x) + 2:
        raise ValueError(
            f"`{name}` must have as many axes as `inputs`. Received: {name}={show(weight)}, "
            f"inputs={show(x)}."
        )
    return x, weight


def _conv(
    x: Tensor, weight: Tensor, strides: Sizes, padding: str, data_format: Any, dilation: Sizes
) -> Tensor:
    """Run torch's kernel on views of tensors in Keras's shapes."""
    rank = x.dim() - 2
    steps = sizes("strides", strides, rank)
    apart = sizes("dilation_rate", dilation, rank)
    x = channels_second(x, data_format)
    weight = weight.permute(rank + 1, rank, *range(rank))
    channels, own = x.shape[1], weight.shape[1]
    if not own or channels % own:
        raise ValueError(
            "The channels of `inputs` must be a multiple of those of `kernel`. Received: "
            f"{channels} channels in inputs, {own} in kernel."
        )
    around = [0] * rank
    if padding_mode(padding) == "same":
        x, around = padded_evenly(x, same_pads(x, weight.shape[2:], steps, apart))
    result = _CONV[rank](x, weight, None, steps, around, apart, channels // own)
    return channels_back(result, data_format)


@op
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Return the convolution of each channel of `inputs` with kernels of its own.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)`.
        kernel: `(*spatial, channels, multiplier)`.
        strides: How far the kernel moves.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the kernel's cells lie apart.

    Raises:
        ValueError: If the numbers of channels differ.

    Example:
        >>> import torchkeras
        >>> x, kernel = torchkeras.ops.ones((1, 4, 4, 3)), torchkeras.ops.ones((2, 2, 3, 5))
        >>> tuple(torchkeras.ops.depthwise_conv(x, kernel).shape)
        (1, 3, 3, 15)
    """
    x, weight = _operands(inputs, kernel, "kernel")
    return _depthwise(x, weight, strides, padding, data_format, dilation_rate)


def _depthwise(
    x: Tensor, weight: Tensor, strides: Sizes, padding: str, data_format: Any, dilation: Sizes
) -> Tensor:
    _check_channels(x, weight.shape[-2], data_format)
    grouped = weight.flatten(-2).unsqueeze(-2)
    return _conv(x, grouped, strides, padding, data_format, dilation)


def _check_channels(x: Tensor, wanted: int, data_format: str | None) -> None:
    found = x.shape[-1 if standardize_data_format(data_format) == "channels_last" else 1]
    if found != wanted:
        raise ValueError(
            "The number of input channels must match the kernel's input channels. Received: "
            f"{found} channels in inputs of shape {tuple(x.shape)} "
            f"(data_format={standardize_data_format(data_format)!r}), {wanted} in the kernel."
        )


@op
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Return a depthwise convolution followed by one with a kernel of one cell.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)`.
        depthwise_kernel: `(*spatial, channels, multiplier)`.
        pointwise_kernel: `(*ones, channels * multiplier, filters)`.
        strides: How far the depthwise kernel moves.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the depthwise kernel's cells lie apart.

    Raises:
        ValueError: If the shapes do not go together.

    Example:
        >>> import torchkeras
        >>> x = torchkeras.ops.ones((1, 4, 4, 3))
        >>> depthwise = torchkeras.ops.ones((2, 2, 3, 1))
        >>> pointwise = torchkeras.ops.ones((1, 1, 3, 8))
        >>> tuple(torchkeras.ops.separable_conv(x, depthwise, pointwise).shape)
        (1, 3, 3, 8)
    """
    x, depthwise = _operands(inputs, depthwise_kernel, "depthwise_kernel")
    x, pointwise = _operands(x, pointwise_kernel, "pointwise_kernel")
    deep = _depthwise(x, depthwise.to(x.dtype), strides, padding, data_format, dilation_rate)
    return _conv(deep, pointwise, 1, "valid", data_format, dilation_rate)


@op
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Return a convolution in the opposite direction, which makes inputs larger.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)`.
        kernel: `(*spatial, filters, channels)`.
        strides: How far the kernel moves.
        padding: `"valid"` for the whole result, or `"same"` for `size * strides` outputs.
        output_padding: How much to add at the end; follows from `padding` if not given.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the kernel's cells lie apart.

    Raises:
        ValueError: If the shapes do not go together.

    Example:
        >>> import torchkeras
        >>> x, kernel = torchkeras.ops.ones((1, 3, 1)), torchkeras.ops.ones((2, 1, 1))
        >>> torchkeras.ops.conv_transpose(x, kernel, strides=2).flatten()
        tensor([1., 1., 1., 1., 1., 1.])
    """
    x, weight = _operands(inputs, kernel, "kernel")
    rank = x.dim() - 2
    steps, apart = sizes("strides", strides, rank), sizes("dilation_rate", dilation_rate, rank)
    extra: Sequence[int | None] = (None,) * rank
    if output_padding is not None:
        extra = sizes("output_padding", output_padding, rank, 0)
    _check_channels(x, weight.shape[-1], data_format)
    mode = padding_mode(padding)
    axes = zip(weight.shape[:rank], steps, apart, [mode] * rank, extra, strict=True)
    crops = [transposed_crop(*axis) for axis in axes]
    whole = _TRANSPOSED[rank](
        channels_second(x, data_format),
        weight.permute(rank + 1, rank, *range(rank)),
        stride=steps,
        dilation=apart,
    )
    return channels_back(_cropped(whole, crops), data_format)


def _cropped(x: Tensor, crops: Sequence[tuple[int, int]]) -> Tensor:
    """Cut off both ends of the spatial axes, or add zeros where the cut is negative."""
    return F.pad(x, torch_order([(-before, -after) for before, after in crops]))
