"""Whatever Keras takes for a tensor, as one: numbers, nested lists, arrays, variables."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base import device
from torchkeras._base.dtypes import to_torch

from .arrays import from_numbers
from .variable import Variable

# Sizes of which an export leaves open how large they are.
_SIZES = (torch.SymInt, torch.SymFloat, torch.SymBool)


def tensor(x: Any) -> Tensor:
    """Return a tensor, symbol or masked tensor as it is, and anything else as a new tensor.

    Python's floats become `floatx()`, its integers int32 (int64 if they need it); arrays keep
    their dtype.

    Args:
        x: A number, nested list, array, tensor, symbol or variable.

    Raises:
        TypeError: If `x` holds anything but numbers.
    """
    if isinstance(x, Tensor):
        return x
    if isinstance(x, Variable):
        return x.value
    if hasattr(type(x), "__torch_function__"):
        return x
    if isinstance(x, _SIZES):
        return torch.scalar_tensor(x, dtype=_dtype_of_size(x), device=device.running())
    leaves = tree.flatten(x) if isinstance(x, (list, tuple)) else []
    if any(isinstance(leaf, (Tensor, Variable, *_SIZES)) for leaf in leaves):
        return torch.stack([tensor(item) for item in x])
    return from_numbers(x, device.running())


def _dtype_of_size(size: Any) -> torch.dtype:
    if isinstance(size, torch.SymFloat):
        return to_torch(None)
    return torch.int64 if isinstance(size, torch.SymInt) else torch.bool
