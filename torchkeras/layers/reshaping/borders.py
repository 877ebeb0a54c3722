"""How much to add or cut at both ends of each spatial axis: what Keras lets users write for it."""

from contextlib import suppress
from typing import Any

from torchkeras.layers.base.arguments import sizes

Borders = tuple[tuple[int, int], ...]


def borders(argument: str, value: Any, rank: int) -> Borders:
    """Return `(before, after)` for each axis.

    Args:
        argument: What the user calls it.
        value: One number for all ends, one for each axis, or a pair for each axis.
        rank: The number of axes.

    Raises:
        ValueError: If `value` is none of these.
    """
    given = value.tolist() if hasattr(value, "tolist") else value
    per_axis = tuple(given) if isinstance(given, (tuple, list)) else (given,) * rank
    if len(per_axis) == rank:
        with suppress(ValueError):  # the error below shows the whole value
            return tuple((a, b) for a, b in (sizes(argument, pair, 2, 0) for pair in per_axis))
    pairs = ", ".join(["(before, after)"] * rank)
    raise ValueError(
        f"`{argument}` must be one integer of at least 0, a tuple of {rank} of them, or a tuple of "
        f"{rank} pairs ({pairs}). Received: {argument}={value!r}."
    )


def torch_padding(pairs: Borders, data_format: str) -> list[int]:
    """Return what `torch.nn.functional.pad` takes: the last axis first."""
    channels = [0, 0] if data_format == "channels_last" else []
    return [*channels, *(n for pair in reversed(pairs) for n in pair)]
