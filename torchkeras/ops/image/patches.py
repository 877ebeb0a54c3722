"""Patches of images and volumes, their pixels in the channels."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.geometry import padding_mode, same_padding, sizes
from torchkeras._base.messages import show
from torchkeras._base.settings import standardize_data_format
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

Sizes = int | Sequence[int]


@op
def extract_patches(
    images: Any,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Return the patches of images, or with three sizes of volumes.

    Args:
        images: One image or a batch; volumes if `size` has three numbers.
        size: Height and width of a patch, or depth, height and width; one number is an image's.
        strides: How far apart patches begin; `size` if not given.
        dilation_rate: How far the pixels of a patch lie apart.
        padding: `"valid"` for none, or `"same"` for `size / strides` patches (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Returns:
        The places of the patches, and in the channels their pixels, row by row.

    Raises:
        TypeError: If `size` is no number and no tuple of the right length.
        ValueError: If a shape or an argument is out of range.

    Example:
        >>> import torchkeras
        >>> images = torchkeras.ops.ones((2, 20, 20, 3))
        >>> tuple(torchkeras.ops.image.extract_patches(images, (5, 5)).shape)
        (2, 4, 4, 75)
    """
    _check_size(size, isinstance(size, (int, tuple, list)))
    rank = 3 if isinstance(size, (tuple, list)) and len(size) == 3 else 2
    return _patches(tensor(images), rank, size, strides, dilation_rate, padding, data_format)


@op
def extract_patches_3d(
    volumes: Any,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Return the patches of volumes.

    Args:
        volumes: One volume or a batch.
        size: Depth, height and width of a patch; one number serves for all.
        strides: How far apart patches begin; `size` if not given.
        dilation_rate: How far the cells of a patch lie apart.
        padding: `"valid"` for none, or `"same"` for `size / strides` patches (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Returns:
        The places of the patches, and in the channels their cells.

    Raises:
        TypeError: If `size` is no number and no tuple of the right length.
        ValueError: If a shape or an argument is out of range.

    Example:
        >>> import torchkeras
        >>> volumes = torchkeras.ops.ones((2, 6, 6, 6, 1))
        >>> tuple(torchkeras.ops.image.extract_patches_3d(volumes, 3).shape)
        (2, 2, 2, 2, 27)
    """
    fits = isinstance(size, int) or (isinstance(size, (tuple, list)) and len(size) == 3)
    _check_size(size, fits)
    return _patches(tensor(volumes), 3, size, strides, dilation_rate, padding, data_format)


def _check_size(size: Any, fits: bool) -> None:
    if not fits:
        raise TypeError(
            "`size` must be one whole number, or a tuple with one for each axis. Received: "
            f"size={size!r}."
        )


def _patches(
    x: Tensor,
    rank: int,
    size: Sizes,
    strides: Sizes | None,
    dilation_rate: Sizes,
    padding: str,
    data_format: str | None,
) -> Tensor:
    if x.dim() not in (rank + 1, rank + 2):
        raise ValueError(
            f"A tensor with {rank + 1} or {rank + 2} axes is needed where patches have {rank}. "
            f"Received: {show(x)}, size={size}."
        )
    window = sizes("size", size, rank)
    steps = window if strides is None else sizes("strides", strides, rank)
    apart = sizes("dilation_rate", dilation_rate, rank)
    is_one, last = x.dim() == rank + 1, standardize_data_format(data_format) == "channels_last"
    batch = x.unsqueeze(0) if is_one else x
    batch = batch.movedim(-1, 1) if last else batch
    if padding_mode(padding) == "same":
        axes = zip(batch.shape[2:], window, steps, apart, strict=True)
        pads = [same_padding(*axis) for axis in axes]
        batch = F.pad(batch, [n for pair in reversed(pads) for n in pair])
    for axis, (count, step, gap) in enumerate(zip(window, steps, apart, strict=True), 2):
        batch = batch.unfold(axis, (count - 1) * gap + 1, step)[..., ::gap]
    places = range(2, 2 + rank)
    pixels = range(2 + rank, 2 + 2 * rank)
    found = batch.permute(0, *places, *pixels, 1).flatten(1 + rank)
    found = found if last else found.movedim(-1, 1)
    return (found.squeeze(0) if is_one else found).contiguous()
