"""The first value of a variable: numbers as they are, or what an initializer makes."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base import device, registry
from torchkeras._base.budget import charge
from torchkeras._base.dtypes import standardize_dtype, to_torch

from .arrays import from_numbers, shared


def first_value(initializer: Any, shape: Any, dtype: Any) -> Tensor:
    """Return a tensor of its own for a number, array or tensor, or as an initializer makes it.

    Args:
        initializer: A value, or a function of `shape` and `dtype` that returns one, or the name
            of such a function.
        shape: The shape, needed with a function.
        dtype: The dtype; `floatx()` if not given with a function, the value's own otherwise.

    Raises:
        ValueError: If `shape` is needed and not fully known, or a function does not keep to it.
        TypeError: If a value holds anything but numbers.
    """
    if isinstance(initializer, str):
        initializer = registry.find_builtin("keras.initializers", "get")(initializer)
    if callable(initializer):
        sizes = _known(shape, initializer)
        charge(sizes, to_torch(dtype).itemsize)
        made = initializer(sizes, dtype=standardize_dtype(dtype))
        return as_made(made, sizes, to_torch(dtype))
    if isinstance(initializer, Tensor):
        value = initializer.detach().clone()
    else:
        value = from_numbers(initializer, device.creation())
    return value if dtype is None else value.to(to_torch(dtype))


def _known(shape: Any, initializer: Any) -> tuple[int, ...]:
    sizes = (shape,) if isinstance(shape, int) else shape
    if sizes is None or any(size is None for size in sizes):
        raise ValueError(
            "`shape` must be fully known where `initializer` is a function. "
            f"Received: initializer={initializer!r}, shape={shape!r}."
        )
    return tuple(sizes)


def as_made(made: Any, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Return what an initializer made, as a tensor of the wanted dtype where weights are made.

    Args:
        made: A tensor or array.
        shape: The shape that was asked for.
        dtype: The dtype.

    Raises:
        ValueError: If the shape is another one.
    """
    tensor = made if isinstance(made, Tensor) else shared(np.asarray(made))
    if tuple(tensor.shape) != shape:
        raise ValueError(
            f"`initializer` must return a value of shape {shape}. It returned the shape "
            f"{tuple(tensor.shape)}."
        )
    return tensor.detach().to(device.creation(), dtype)
