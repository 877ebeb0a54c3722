"""The shape of one image: what a caller gives, what a network needs."""

import warnings
from collections.abc import Sequence
from typing import Any

from torchkeras._base.messages import one_of

Shape = tuple[int | None, ...]
_USUAL_CHANNELS = (1, 3)
_FORMATS = ("channels_last", "channels_first")


def obtain_input_shape(
    input_shape: Sequence[int | None] | None,
    default_size: int | None,
    min_size: int,
    data_format: str,
    require_flatten: bool,
    weights: Any = None,
) -> Shape:
    """Return the shape of one image that a network is built for.

    Args:
        input_shape: The shape that the caller gave, or `None`.
        default_size: The height and width of the images that the network was made for.
        min_size: The smallest height and width that leave something for the last layer.
        data_format: `"channels_last"` or `"channels_first"`.
        require_flatten: Whether the shape must be wholly known, as a classifier asks for.
        weights: `"imagenet"` if the weights are those of images of three channels.

    Raises:
        ValueError: If the shape is no shape of an image, too small, or does not fit the weights.
    """
    one_of("data_format", data_format, _FORMATS)
    pretrained = isinstance(weights, str) and weights == "imagenet"
    shape = _three(input_shape) if input_shape else None
    channel = 2 if data_format == "channels_last" else 0
    default = _shape(default_size, 3, channel)
    if pretrained and require_flatten:
        if shape not in (None, default):
            raise ValueError(
                f"With `weights='imagenet'` and `include_top=True`, `input_shape` must be "
                f"{default}. Received: input_shape={input_shape}. Pass `include_top=False` for "
                "images of another size."
            )
        return default
    if shape is None:
        shape = default if require_flatten else _shape(None, 3, channel)
    _check_channels(shape[channel], pretrained, shape)
    _check_size([n for axis, n in enumerate(shape) if axis != channel], min_size, shape)
    if require_flatten and None in shape:
        raise ValueError(
            "With `include_top=True`, `input_shape` must be known in full. "
            f"Received: input_shape={shape}."
        )
    return shape


def _three(input_shape: Sequence[int | None]) -> Shape:
    shape = tuple(input_shape)
    if len(shape) != 3:
        raise ValueError(
            "`input_shape` must be the shape of one image: height, width and channels, without "
            f"the batch. Received: input_shape={shape}."
        )
    return shape


def _shape(size: int | None, channels: int, channel: int) -> Shape:
    return (size, size, channels) if channel == 2 else (channels, size, size)


def _check_channels(channels: int | None, pretrained: bool, shape: Shape) -> None:
    if pretrained and channels != 3:
        raise ValueError(
            "With `weights='imagenet'`, images must have 3 channels. "
            f"Received: input_shape={shape}."
        )
    if channels not in _USUAL_CHANNELS:
        warnings.warn(
            f"Images have 1 or 3 channels as a rule; `input_shape={shape}` has {channels}.",
            stacklevel=6,
        )


def _check_size(sides: list[int | None], smallest: int, shape: Shape) -> None:
    if any(side is not None and side < smallest for side in sides):
        raise ValueError(
            f"Images must be at least {smallest} x {smallest}. Received: input_shape={shape}."
        )
