"""Shapes of nested inputs."""

from collections.abc import Callable
from typing import Any

from torchkeras._base.nested import map_leaves


def shapes_of(value: Any) -> Any:
    """Return the shape of a tensor or symbol, or the structure of shapes of a nested one."""
    return map_leaves(lambda leaf: tuple(leaf.shape) if hasattr(leaf, "shape") else None, value)


def map_shapes(function: Callable[[Any], Any], shapes: Any) -> Any:
    """Apply a function to each shape in a structure of shapes."""
    if isinstance(shapes, dict):
        return {key: map_shapes(function, shape) for key, shape in shapes.items()}
    if not isinstance(shapes, (list, tuple, type(None))):
        raise ValueError(f"A shape must be a tuple of sizes. Received: {shapes!r}.")
    if shapes is None or all(size is None or isinstance(size, int) for size in shapes):
        return function(tuple(shapes or ()))
    made = [map_shapes(function, shape) for shape in shapes]
    return tuple(made) if isinstance(shapes, tuple) else made


def as_shape(value: Any) -> Any:
    """Return a shape, or a structure of shapes, read from a config."""
    return None if value is None else map_shapes(tuple, value)
