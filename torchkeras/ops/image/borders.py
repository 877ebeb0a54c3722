"""Zeros around images, and images without their borders."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.settings import standardize_data_format
from torchkeras._symbolic.op import op
from torchkeras._symbolic.probe import is_unknown

from .batch import checked


@op
def pad_images(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Return images with zeros around them.

    Args:
        images: One image or a batch.
        top_padding: How many rows are added above.
        left_padding: How many columns are added on the left.
        bottom_padding: How many rows are added below.
        right_padding: How many columns are added on the right.
        target_height: The height of the result. Exactly two of the three vertical numbers, and two
            of the three horizontal ones, must be given.
        target_width: The width of the result.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Raises:
        ValueError: If the numbers do not go together.

    Example:
        >>> import torchkeras
        >>> image = torchkeras.ops.ones((2, 2, 1))
        >>> padded = torchkeras.ops.image.pad_images(image, 1, 0, target_height=4, target_width=3)
        >>> tuple(padded.shape)
        (4, 3, 1)
    """
    value, (height, width), last = _sizes(images, data_format)
    rows = _ends("padding", height, "top", top_padding, "bottom", bottom_padding,
                 "target_height", target_height)  # fmt: skip
    columns = _ends("padding", width, "left", left_padding, "right", right_padding,
                    "target_width", target_width)  # fmt: skip
    return F.pad(value, (*((0, 0) if last else ()), *columns, *rows))


@op
def crop_images(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Return images without their borders.

    Args:
        images: One image or a batch.
        top_cropping: How many rows are cut off above.
        left_cropping: How many columns are cut off on the left.
        bottom_cropping: How many rows are cut off below.
        right_cropping: How many columns are cut off on the right.
        target_height: The height of the result. Exactly two of the three vertical numbers, and two
            of the three horizontal ones, must be given.
        target_width: The width of the result.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Raises:
        ValueError: If the numbers do not go together.

    Example:
        >>> import torchkeras
        >>> image = torchkeras.ops.ones((4, 4, 1))
        >>> cropped = torchkeras.ops.image.crop_images(image, 1, 0, target_height=2, target_width=3)
        >>> tuple(cropped.shape)
        (2, 3, 1)
    """
    value, (height, width), last = _sizes(images, data_format)
    rows = _ends("cropping", height, "top", top_cropping, "bottom", bottom_cropping,
                 "target_height", target_height)  # fmt: skip
    columns = _ends("cropping", width, "left", left_cropping, "right", right_cropping,
                    "target_width", target_width)  # fmt: skip
    return F.pad(value, [-n for n in (*((0, 0) if last else ()), *columns, *rows)])


def _sizes(images: Any, data_format: str | None) -> tuple[Tensor, tuple[int, int], bool]:
    value = checked(images)
    last = standardize_data_format(data_format) == "channels_last"
    height, width = value.shape[-3:-1] if last else value.shape[-2:]
    return value, (height, width), last


def _ends(
    what: str,
    size: int,
    first: str,
    before: int | None,
    second: str,
    after: int | None,
    third: str,
    target: int | None,
) -> tuple[int, int]:
    """Return what is added to both ends of an axis, or cut off; one of three numbers is missing."""
    given = {f"{first}_{what}": before, f"{second}_{what}": after, third: target}
    shown = ", ".join(f"{name}={value}" for name, value in given.items())
    if [before, after, target].count(None) != 1:
        raise ValueError(
            f"Exactly two of {', '.join(f'`{name}`' for name in given)} must be given. Received: "
            f"{shown}."
        )
    if target is not None:
        total = target - size if what == "padding" else size - target
        before = total - (after or 0) if before is None else before
        after = total - before if after is None else after
    ends = (before or 0, after or 0)
    left = size if what == "padding" else size - sum(ends)
    negative = min(n for n in given.values() if n is not None) < 0
    if negative or (min(*ends, left) < 0 and not is_unknown(size)):
        raise ValueError(
            f"The {what} of an axis of size {size} must not be negative, nor may more be cut off "
            f"than there is. Received: {shown}, that is {ends[0]} before and {ends[1]} after."
        )
    return ends
