"""Colors: gray values, and hue, saturation and value."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._symbolic.op import op

from .batch import channel_axis, checked


@op
def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Tensor:
    """Return images with the one channel `0.2989 R + 0.587 G + 0.114 B`.

    Args:
        images: One image or a batch, with 3 channels, or 1, which then stays.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Raises:
        ValueError: If there are other numbers of axes or channels.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.image.rgb_to_grayscale([[[1.0, 1.0, 0.0]]])
        tensor([[[0.8859]]])
    """
    value, axis = checked(images), channel_axis(data_format)
    if value.shape[axis] not in (1, 3):
        raise ValueError(f"`images` must have 1 or 3 channels. Received: images={show(value)}.")
    if value.shape[axis] == 1:
        return value.clone()
    red, green, blue = value.unbind(axis)
    gray = 0.2989 * red
    if value.is_floating_point():
        gray = gray.add_(green, alpha=0.587).add_(blue, alpha=0.114)
    else:  # rounded after each step, as the fraction is cut off in the end
        gray = gray.add_(0.587 * green).add_(0.114 * blue).to(value.dtype)
    return gray.unsqueeze(axis)


def color_planes(images: Any, axis: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return red, green and blue.

    Args:
        images: One image or a batch, floats.
        axis: The axis of the channels.

    Raises:
        ValueError: If they are not floats with 3 channels.
    """
    value = checked(images)
    if not value.is_floating_point() or value.shape[axis] != 3:
        raise ValueError(
            f"`images` must be floats with 3 channels. Received: images={show(value)}. Divide "
            "whole numbers by 255."
        )
    # In one piece each, planes are quicker to compute with.
    red, green, blue = value.movedim(axis, 0).contiguous().unbind(0)
    return red, green, blue


def colored(planes: Sequence[Tensor], axis: int) -> Tensor:
    """Return images of colors in planes.

    Args:
        planes: Red, green and blue.
        axis: Where the axis of the channels comes.
    """
    first = planes[0]
    if axis != -1 or type(first) is not Tensor or any(plane.requires_grad for plane in planes):
        return torch.stack(list(planes)).movedim(0, axis).contiguous()  # quicker than at the end
    made = first.new_empty(*first.shape, len(planes))
    for index, plane in enumerate(planes):
        made.select(-1, index).copy_(plane)
    return made


def value_and_spread(red: Tensor, green: Tensor, blue: Tensor) -> tuple[Tensor, Tensor]:
    """Return the strongest color, and how much weaker the weakest is."""
    value = torch.maximum(torch.maximum(red, green), blue)
    return value, value - torch.minimum(torch.minimum(red, green), blue)


@op
def rgb_to_hsv(images: Any, data_format: str | None = None) -> Tensor:
    """Return hue, saturation and value of red, green and blue, all from 0 to 1.

    Args:
        images: One image or a batch, floats with 3 channels.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Raises:
        ValueError: If they are something else.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.image.rgb_to_hsv([[[0.0, 0.5, 0.0]]])
        tensor([[[0.3333, 1.0000, 0.5000]]])
    """
    axis = channel_axis(data_format)
    red, green, blue = (_without_dust(plane) for plane in color_planes(images, axis))
    value, spread = value_and_spread(red, green, blue)
    saturation = torch.where(value > 0, spread / torch.where(value > 0, value, 1.0), 0.0)
    sixth = 1.0 / (6.0 * torch.where(spread > 0, spread, 1.0))
    hue = torch.where(
        value == green, sixth * (blue - red) + 2.0 / 6.0, sixth * (red - green) + 4.0 / 6.0
    )
    hue = torch.where(value == red, sixth * (green - blue), hue)
    hue = torch.where(spread > 0, hue, 0.0) + (hue < 0.0).to(hue.dtype)
    return colored([hue, saturation, value], axis)


def _without_dust(x: Tensor) -> Tensor:
    return torch.where(x.abs() < torch.finfo(x.dtype).eps, 0.0, x)


@op
def hsv_to_rgb(images: Any, data_format: str | None = None) -> Tensor:
    """Return red, green and blue of hue, saturation and value, all from 0 to 1.

    Args:
        images: One image or a batch, floats with 3 channels.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Raises:
        ValueError: If they are something else.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.image.hsv_to_rgb([[[0.0, 1.0, 0.5]]])
        tensor([[[0.5000, 0.0000, 0.0000]]])
    """
    axis = channel_axis(data_format)
    hue, saturation, value = color_planes(images, axis)
    place = torch.remainder(hue, 1.0) * 6.0
    red = ((place - 3.0).abs() - 1.0).clamp(0.0, 1.0)
    green = (2.0 - (place - 2.0).abs()).clamp(0.0, 1.0)
    blue = (2.0 - (place - 4.0).abs()).clamp(0.0, 1.0)
    gray = 1.0 - saturation
    return colored([value * (gray + saturation * c) for c in (red, green, blue)], axis)
