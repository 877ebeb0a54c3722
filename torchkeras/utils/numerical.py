"""Labels and norms of NumPy arrays."""

from typing import Any

import numpy as np
from torch import Tensor

from torchkeras import ops
from torchkeras._state.variable import Variable

_Array = np.ndarray[Any, Any]


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Return class numbers as rows with one 1.

    Args:
        x: Class numbers from 0; a last axis of size 1 is dropped.
        num_classes: The number of classes; one more than the largest number if not given.

    Returns:
        A float array (or tensor, for a tensor) of shape `(..., num_classes)`.

    Raises:
        ValueError: If a class number is negative or not below `num_classes`.

    Example:
        >>> import torchkeras
        >>> torchkeras.utils.to_categorical([0, 2], 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if isinstance(x, (Tensor, Variable)):
        classes = _checked(ops.convert_to_numpy(x), num_classes)
        return ops.one_hot(x, classes)
    labels = np.array(x, dtype=np.int64)
    shape = labels.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    classes = _checked(labels, num_classes)
    rows = np.zeros((labels.size, classes))
    rows[np.arange(labels.size), labels.reshape(-1)] = 1
    return rows.reshape(*shape, classes)


def _checked(labels: _Array, num_classes: int | None) -> int:
    largest = int(labels.max(initial=-1))
    classes = largest + 1 if num_classes is None else int(num_classes)
    smallest = int(labels.min(initial=0))
    if largest >= classes or smallest < 0:
        raise ValueError(
            f"`x` must hold class numbers from 0 to {classes - 1} (`num_classes` is {classes}). "
            f"Received: numbers from {smallest} to {largest}."
        )
    return classes


def normalize(x: Any, axis: int = -1, order: float = 2) -> Any:
    """Return an array scaled so that each row has norm 1; rows of zeros stay.

    Args:
        x: An array.
        axis: The axis along which the norm is taken.
        order: Which norm, 2 being the Euclidean one.

    Example:
        >>> import torchkeras
        >>> torchkeras.utils.normalize([[3.0, 4.0]]).tolist()
        [[0.6, 0.8]]
    """
    if isinstance(x, Tensor):
        norms = x.float().norm(order, axis, keepdim=True)
        return x / norms.masked_fill(norms == 0, 1)
    array = np.asarray(x)
    norms = np.atleast_1d(np.linalg.norm(array, order, axis))
    norms[norms == 0] = 1
    return array / np.expand_dims(norms, axis)
