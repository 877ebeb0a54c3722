"""Bring what a model is given into the ranks and dtypes that its inputs declare."""

from typing import Any

import numpy as np
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.layers.base.calling import cast


def fit_value(x: Any, declared: KerasTensor) -> Any:
    """Return a tensor, or an array of strings, as a declared input takes it.

    Raises:
        ValueError: If strings are given for numbers, or numbers for strings.
    """
    is_text = isinstance(x, np.ndarray)
    if not isinstance(x, Tensor) and not is_text:
        return x
    _check_kind(x, is_text, declared)
    missing = len(declared.shape) - len(x.shape)
    if missing == 1 and declared.shape[-1] == 1:
        x = x[..., None]
    elif missing == -1 and x.shape[-1] == 1:
        x = x[..., 0]
    if is_text:
        return x
    return x if x.dtype is to_torch(declared.dtype) else cast(x, to_torch(declared.dtype))


def fit_symbol(x: Any, declared: KerasTensor) -> KerasTensor:
    """Return the symbol of what `fit_value` makes of a value with the shape and dtype of `x`.

    Raises:
        ValueError: If strings are given for numbers, or numbers for strings.
    """
    _check_kind(x, x.dtype == "string", declared)
    shape = tuple(x.shape)
    missing = len(declared.shape) - len(shape)
    if missing == 1 and declared.shape[-1] == 1:
        shape = (*shape, 1)
    elif missing == -1 and shape[-1] == 1:
        shape = shape[:-1]
    return KerasTensor(shape, declared.dtype)


def _check_kind(x: Any, is_text: bool, declared: KerasTensor) -> None:
    if is_text != (declared.dtype == "string"):
        raise ValueError(
            f"An input declared as {declared.dtype!r} cannot take {show(x)}. Give "
            f"{'numbers' if is_text else 'strings'}, or declare `Input(..., dtype=...)` otherwise."
        )
