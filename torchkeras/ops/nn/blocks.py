"""Blocks of images: cut out as columns and put together again, or moved into the channels."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._base.settings import standardize_data_format
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras.ops.operands import inexact


@op
def unfold(
    x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Return the blocks under a sliding window as columns.

    Args:
        x: `(batch, channels, height, width)`.
        kernel_size: Height and width of the window; one number serves for both.
        dilation: How far the window's cells lie apart.
        padding: How many zeros are added on both sides.
        stride: How far the window moves.

    Returns:
        `(batch, channels * window's cells, blocks)`.

    Example:
        >>> import torchkeras
        >>> tuple(torchkeras.ops.unfold(torchkeras.ops.ones((1, 3, 4, 4)), 2).shape)
        (1, 12, 9)
    """
    return F.unfold(_of_rank(inexact(x), 4), kernel_size, dilation, padding, stride)


@op
def fold(
    x: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Return images put together from columns, the sum where blocks overlap.

    Args:
        x: `(batch, channels * window's cells, blocks)`, as `unfold` returns.
        output_size: Height and width of the images; one number serves for both.
        kernel_size: Height and width of the window; one number serves for both.
        dilation: How far the window's cells lie apart.
        padding: How many cells are cut off on both sides.
        stride: How far the window moves.

    Returns:
        `(batch, channels, height, width)`.

    Example:
        >>> import torchkeras
        >>> columns = torchkeras.ops.ones((1, 12, 9))
        >>> tuple(torchkeras.ops.fold(columns, 4, 2).shape)
        (1, 3, 4, 4)
    """
    return F.fold(_of_rank(inexact(x), 3), output_size, kernel_size, dilation, padding, stride)


def _of_rank(x: Tensor, rank: int) -> Tensor:
    if x.dim() != rank:
        raise ValueError(f"`x` must have {rank} axes. Received: x={show(x)}.")
    return x


@op
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Return images made larger by blocks of values from their channels.

    Args:
        x: `(batch, height, width, channels)`, or `(batch, channels, height, width)`.
        block_size: Height and width of the blocks; the channels are a multiple of its square.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: If the channels do not fill the blocks, or `block_size` is below 2.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.depth_to_space([[[[1.0, 2.0, 3.0, 4.0]]]], 2).squeeze()
        tensor([[1., 2.],
                [3., 4.]])
    """
    image, last = _image(x, block_size, data_format)
    side = block_size
    if image.shape[-1 if last else 1] % (side * side):
        raise ValueError(
            "The channels of `x` must be a multiple of `block_size` squared. Received: "
            f"x={show(image)}, block_size={block_size}."
        )
    if last:
        rows = torch.unflatten(image, -1, (side, side, -1)).permute(0, 1, 3, 2, 4, 5)
        return rows.flatten(3, 4).flatten(1, 2)
    rows = torch.unflatten(image, 1, (-1, side, side)).permute(0, 1, 4, 2, 5, 3)
    return rows.flatten(4, 5).flatten(2, 3)


@op
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Return images made smaller, blocks of their values moved into their channels.

    Args:
        x: `(batch, height, width, channels)`, or `(batch, channels, height, width)`.
        block_size: Height and width of the blocks, which fill the image.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: If blocks do not fill the image, or `block_size` is below 2.

    Example:
        >>> import torchkeras
        >>> image = [[[[1.0], [2.0]], [[3.0], [4.0]]]]
        >>> torchkeras.ops.space_to_depth(image, 2).squeeze()
        tensor([1., 2., 3., 4.])
    """
    image, last = _image(x, block_size, data_format)
    top, left = (1, 2) if last else (2, 3)
    if image.shape[top] % block_size or image.shape[left] % block_size:
        raise ValueError(
            "Height and width of `x` must be multiples of `block_size`. Received: "
            f"x={show(image)}, block_size={block_size}."
        )
    columns = torch.unflatten(image, left, (-1, block_size))
    cut = torch.unflatten(columns, top, (-1, block_size))
    if last:
        return cut.permute(0, 1, 3, 2, 4, 5).flatten(3)
    return cut.permute(0, 1, 3, 5, 2, 4).flatten(1, 3)


def _image(x: Any, block_size: int, data_format: str) -> tuple[Tensor, bool]:
    if block_size < 2:
        raise ValueError(f"`block_size` must be at least 2. Received: block_size={block_size}.")
    last = standardize_data_format(data_format) == "channels_last"
    return _of_rank(tensor(x), 4), last
