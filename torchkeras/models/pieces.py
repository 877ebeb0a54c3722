"""How many outputs one call in a config may have."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torchkeras import ops

_MOST = 1 << 16
_CUTTING = (ops.split, ops.array_split, ops.hsplit, ops.vsplit, ops.dsplit, ops.unstack)


def check_pieces(
    name: str, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> None:
    """Refuse a call that would cut a tensor into a flood of pieces: minutes, and gigabytes.

    Raises:
        ValueError: If there would be more than 65,536.
    """
    if function not in _CUTTING:
        return
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    pieces = _count(**bound.arguments)
    if pieces > _MOST:
        raise ValueError(
            f"The config's layer {name!r} cuts its input into {pieces:,} pieces; at most {_MOST:,} "
            "are read from a config. Cut it into fewer, or make the model in code."
        )


def _count(x: Any, indices_or_sections: Any = None, num: int | None = None, axis: int = 0) -> int:
    if isinstance(indices_or_sections, Sequence):
        return len(indices_or_sections) + 1
    if indices_or_sections is not None or num is not None:
        return int(indices_or_sections if num is None else num)
    return x.shape[axis] or 0
