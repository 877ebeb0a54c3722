"""What `transform_images` and its relatives take beside batches of tensors."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from torchkeras._state.convert import tensor

METHODS = (
    "transform_images",
    "transform_labels",
    "transform_bounding_boxes",
    "transform_segmentation_masks",
)
_OF_PICTURES = ("transform_images", "transform_segmentation_masks")


def taking_arrays(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method take arrays, transformations with arrays in them, and one picture alone.

    Args:
        method: One of `METHODS`.
    """
    is_of_pictures = method.__name__ in _OF_PICTURES

    @functools.wraps(method)
    def transform(
        self: Any, given: Any, transformation: Any = None, training: bool = True, **named: Any
    ) -> Any:
        given, drawn = _tensors(given), _drawn(transformation)
        if is_of_pictures and given.dim() == 3:
            done = method(self, given[None], drawn, training=training, **named)
            return done if training and method.__name__ in self.makes_batches else done[0]
        return method(self, given, drawn, training=training, **named)

    return transform


def _tensors(given: Any) -> Any:
    if isinstance(given, dict):
        return {key: _tensors(value) for key, value in given.items()}
    return tensor(given)


def _drawn(transformation: Any) -> Any:
    """Return what was drawn with tensors for arrays; shapes stay numbers."""
    if not isinstance(transformation, dict):
        return transformation
    if not any(isinstance(value, np.ndarray) for value in transformation.values()):
        return transformation
    return {
        key: _shape_or_tensor(key, value) if isinstance(value, np.ndarray) else value
        for key, value in transformation.items()
    }


def _shape_or_tensor(key: str, value: np.ndarray) -> Any:
    return tuple(value.tolist()) if key == "input_shape" else tensor(value)
