"""Bring what a model is given into the ranks and dtypes that its inputs declare."""

from collections.abc import Sequence
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
    missing = _missing_axis(x.shape, declared)
    if missing:
        x = x[..., None] if missing > 0 else x[..., 0]
    if is_text:
        return x
    return x if x.dtype is to_torch(declared.dtype) else cast(x, to_torch(declared.dtype))


def fit_symbol(x: Any, declared: KerasTensor) -> KerasTensor:
    """Return the symbol of what `fit_value` makes of a value with the shape and dtype of `x`.

    Raises:
        ValueError: If strings are given for numbers, or numbers for strings.
    """
    _check_kind(x, x.dtype == "string", declared)
    shape, missing = tuple(x.shape), _missing_axis(x.shape, declared)
    if missing:
        shape = (*shape, 1) if missing > 0 else shape[:-1]
    return KerasTensor(shape, declared.dtype)


def _missing_axis(shape: Sequence[int | None], declared: KerasTensor) -> int:
    """Return 1 if a last axis of size 1 is missing, -1 if there is one too many, else 0."""
    missing = len(declared.shape) - len(shape)
    if missing == 1:
        return int(declared.shape[-1] == 1)
    return -int(missing == -1 and shape[-1] == 1)


def _check_kind(x: Any, is_text: bool, declared: KerasTensor) -> None:
    if is_text != (declared.dtype == "string"):
        raise ValueError(
            f"An input declared as {declared.dtype!r} cannot take {show(x)}. Give "
            f"{'numbers' if is_text else 'strings'}, or declare `Input(..., dtype=...)` otherwise."
        )
