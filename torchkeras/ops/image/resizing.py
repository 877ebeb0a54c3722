"""Images in another size, with their own aspect ratio or another."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.geometry import sizes
from torchkeras._base.messages import one_of
from torchkeras._symbolic.op import op

from .batch import channels_first, floats

_MODES = {"bilinear": "bilinear", "nearest": "nearest-exact", "bicubic": "bicubic"}


@op
def resize(
    images: Any,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Return images in another size.

    Args:
        images: One image or a batch; whole numbers stay such.
        size: The height and width of the result.
        interpolation: `"nearest"`, `"bilinear"` or `"bicubic"`.
        antialias: Whether all pixels count that a pixel of a smaller result covers.
        crop_to_aspect_ratio: Whether to cut off what does not fit into the new aspect ratio.
        pad_to_aspect_ratio: Whether to add what is missing to the new aspect ratio.
        fill_mode: `"constant"`: what is added has one value.
        fill_value: That value.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.image.resize([[[0.0], [4.0]]], (1, 4)).flatten()
        tensor([0., 1., 3., 4.])
    """
    mode = _MODES[one_of("interpolation", interpolation, _MODES)]
    one_of("fill_mode", fill_mode, ("constant",))
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            "Only one of `pad_to_aspect_ratio` and `crop_to_aspect_ratio` may be True. Received: "
            "both."
        )
    target = sizes("size", _pair(size), 2)
    given = channels_first(images, data_format)
    values = floats(given.values)
    if crop_to_aspect_ratio:
        values = _cropped(values, target[0], target[1])
    elif pad_to_aspect_ratio:
        values = _padded(values, target[0], target[1], fill_value)
    smooth = mode != "nearest-exact"
    resized = F.interpolate(
        values, target, mode=mode, align_corners=False if smooth else None,
        antialias=antialias and smooth,
    )  # fmt: skip
    if mode == "bicubic" and not given.dtype.is_floating_point:
        limits = _limits(given.dtype)
        resized = resized if limits is None else resized.clamp(*limits)
    return given.back(resized, first=True)


def _pair(size: Any) -> tuple[Any, ...]:
    if not isinstance(size, (tuple, list)):
        raise ValueError(f"`size` must be a tuple of two integers. Received: size={size!r}.")
    return tuple(size)


def _limits(dtype: Any) -> tuple[int, int] | None:
    """Return what bicubic curves, which swing beyond the pixels, must not exceed."""
    return (0, 255) if str(dtype) == "torch.uint8" else None


def _aspect(x: Tensor, height: int, width: int) -> tuple[int, int]:
    """Return the height that belongs to the width of images in a new ratio, and vice versa."""
    own_height, own_width = x.shape[-2:]
    return own_width * height // width, own_height * width // height


def _cropped(x: Tensor, height: int, width: int) -> Tensor:
    wanted = _aspect(x, height, width)
    tall, wide = (max(min(n, most), 1) for n, most in zip(wanted, x.shape[-2:], strict=True))
    top, left = (x.shape[-2] - tall) // 2, (x.shape[-1] - wide) // 2
    return x[..., top : top + tall, left : left + wide]


def _padded(x: Tensor, height: int, width: int, value: float) -> Tensor:
    tall, wide = _aspect(x, height, width)
    rows, columns = max(tall - x.shape[-2], 0) // 2, max(wide - x.shape[-1], 0) // 2
    return F.pad(x, (columns, columns, rows, rows), value=value)
