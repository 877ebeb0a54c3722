"""Windows that slide over axes: their arguments, Keras's "same" padding, output lengths."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from .messages import one_of


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


def transposed_crop(
    window: int, stride: int, dilation: int, padding: str, output_padding: int | None
) -> tuple[int, int]:
    """Return how much Keras cuts off both ends of an axis after a whole transposed convolution.

    Args:
        window: The length of the kernel.
        stride: How far it moves.
        dilation: How far its cells lie apart.
        padding: `"valid"` or `"same"`.
        output_padding: What is added at the end, if that is not left to `padding`.

    Returns:
        What is cut off before and after; negative where zeros are added.
    """
    span = (window - 1) * dilation + 1
    if padding == "valid":
        return 0, -(max(stride - span, 0) if output_padding is None else output_padding)
    kept = span - 2 + (stride if output_padding is None else span % 2 + output_padding)
    before = min((kept + 1) // 2, span - 1)
    return span - 1 - before, span - 1 - (kept - before)


def spatial(shape: Sequence[Any], data_format: str) -> tuple[Any, ...]:
    """Return the sizes of a shape that belong neither to the batch nor to the channels."""
    return tuple(shape[1:-1] if data_format == "channels_last" else shape[2:])


def sizes(argument: str, value: Any, count: int, lowest: int = 1) -> tuple[int, ...]:
    """Return `count` whole numbers for one number or a sequence of `count`.

    Raises:
        ValueError: If `value` is neither, or a number lies below `lowest`.
    """
    given = value.tolist() if hasattr(value, "tolist") else value
    numbers = tuple(given) if isinstance(given, (tuple, list)) else (given,) * count
    if len(numbers) != count or not all(is_whole(n) and n >= lowest for n in numbers):
        kind = "positive integer" if lowest == 1 else f"integer of at least {lowest}"
        plural = kind.replace("integer", "integers")
        several = f", or a tuple of {count} {plural}" if count > 1 else ""
        raise ValueError(
            f"`{argument}` must be one {kind}{several}. Received: {argument}={value!r}."
        )
    return tuple(int(n) for n in numbers)


def padding_mode(value: Any, *, causal: bool = False) -> str:
    """Return `"valid"`, `"same"` or, where it is allowed, `"causal"`, in lower case."""
    allowed = ("valid", "same", "causal") if causal else ("valid", "same")
    return str(one_of("padding", value.lower() if isinstance(value, str) else value, allowed))


def is_whole(value: Any) -> bool:
    """Say whether a value is an integer, and no boolean."""
    return isinstance(value, Integral) and not isinstance(value, bool)
