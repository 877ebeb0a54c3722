"""Lists, tuples and dictionaries of tensors on the path that `torch.compile` traces.

`torchkeras.tree` knows every container but is opaque to the compiler; calls only meet these three.
"""

from collections.abc import Callable
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
    remaining = iter(leaves)

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            filled = {key: fill(value[key]) for key in sorted(value)}
            return {key: filled[key] for key in value}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*[fill(item) for item in value])
        if isinstance(value, (list, tuple)):
            items = [fill(item) for item in value]
            return tuple(items) if isinstance(value, tuple) else items
        return next(remaining)

    return fill(structure)


def unpack_singleton(value: Any) -> Any:
    """Return the only item of a list or tuple of one, and anything else as it is."""
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
