"""Sizes of windows that slide over an axis: Keras's "same" padding and output lengths."""

from collections.abc import Sequence
from typing import Any


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Return what Keras adds before and after an axis, so that `ceil(size / stride)` windows fit.

    Args:
        size: The length of the axis.
        window: The length of the window.
        stride: How far the window moves.
        dilation: How far the window's cells lie apart.
    """
    span = (window - 1) * dilation + 1
    if stride == 1:
        total = span - 1
    else:
        total = max((-(-size // stride) - 1) * stride + span - size, 0)
    return total // 2, total - total // 2


def spatial(shape: Sequence[Any], data_format: str) -> tuple[Any, ...]:
    """Return the sizes of a shape that belong neither to the batch nor to the channels."""
    return tuple(shape[1:-1] if data_format == "channels_last" else shape[2:])


def check_fits(
    layer_name: str,
    argument: str,
    windows: Sequence[int],
    sizes: Sequence[int | None],
    spans: Sequence[int],
) -> None:
    """Raise a `ValueError` if a window without padding is longer than its axis.

    Args:
        layer_name: The layer's name.
        argument: What the user calls the windows.
        windows: The lengths of the windows, as the user gave them.
        sizes: The lengths of the axes; `None` where they are not known.
        spans: The lengths of the windows with dilation.
    """
    if any(size is not None and size < span for size, span in zip(sizes, spans, strict=False)):
        dilated = "" if tuple(spans) == tuple(windows) else f" (spanning {tuple(spans)} cells)"
        raise ValueError(
            f"The window of layer {layer_name!r} does not fit into its input, so the output would "
            f"be empty. Received: {argument}={tuple(windows)}{dilated}, inputs of spatial sizes "
            f'{tuple(sizes)}. Use a smaller window, larger inputs or padding="same"; or are the '
            "channels in the other order (`data_format`)?"
        )
