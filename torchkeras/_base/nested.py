"""Lists, tuples and dictionaries of tensors on the path that `torch.compile` traces.

`torchkeras.tree` knows every container but is opaque to the compiler; calls only meet these three.
"""

from collections.abc import Callable, Iterator
from typing import Any


def leaves_of(value: Any) -> list[Any]:
    """Return the leaves, those of dictionaries by sorted key."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in leaves_of(value[key])]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves_of(item)]
    return [value]


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function to the leaves, and return the structure."""
    if isinstance(value, dict):
        return {key: map_leaves(function, item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[map_leaves(function, item) for item in value])
    if isinstance(value, (list, tuple)):
        items = [map_leaves(function, item) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return function(value)


def fill_leaves(structure: Any, leaves: list[Any]) -> Any:
    """Put leaves, in the order of `leaves_of`, into the places of a structure's own."""
    return _filled(structure, iter(leaves))


def _filled(value: Any, leaves: Iterator[Any]) -> Any:
    # Not inside `fill_leaves`: a function that names itself is a cycle, which keeps the tensors.
    if isinstance(value, dict):
        filled = {key: _filled(value[key], leaves) for key in sorted(value)}
        return {key: filled[key] for key in value}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[_filled(item, leaves) for item in value])
    if isinstance(value, (list, tuple)):
        items = [_filled(item, leaves) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return next(leaves)


def unpack_singleton(value: Any) -> Any:
    """Return the only item of a list or tuple of one, and anything else as it is."""
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
