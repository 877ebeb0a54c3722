"""Whatever Keras takes for a tensor, as one: numbers, nested lists, arrays, variables."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show

from .variable import Variable

_Array = np.ndarray[Any, Any]
_INT32 = np.iinfo(np.int32)
# torch computes with none of the first; Keras reads the second as the wider type too.
_CARRIERS = {"uint16": "int32", "uint32": "int64", "uint64": "int64", "bfloat16": "float32"}


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
    if isinstance(x, float):
        x = float(x)  # NumPy's float64 is a Python float too, and as such has no width
    leaves = tree.flatten(x) if isinstance(x, (list, tuple)) else [x]
    if any(isinstance(leaf, (Tensor, Variable)) for leaf in leaves):
        return torch.stack([tensor(item) for item in x])
    array = np.array(x)
    return _from_array(array, _dtype_for(array, leaves))


def _dtype_for(array: _Array, leaves: list[Any]) -> torch.dtype:
    """Return an array's dtype, or Keras's choice where Python's numbers made NumPy go wide."""
    name = array.dtype.name
    if array.dtype.kind in "OSUMm":
        raise TypeError(f"Only numbers can become a tensor. Received: {show(array.tolist())}.")
    if name not in {str(leaf.dtype) for leaf in leaves if hasattr(leaf, "dtype")}:
        if name == "float64":
            return to_torch(None)
        if name == "int64" and _INT32.min <= array.min() and array.max() <= _INT32.max:
            return torch.int32
        if name == "complex128":
            return torch.complex64
    return torch.bfloat16 if name == "bfloat16" else to_torch(_CARRIERS.get(name, name))


def _from_array(array: _Array, dtype: torch.dtype) -> Tensor:
    where = device.running()
    if where.type == "mps" and dtype == torch.float64:
        dtype = torch.float32  # MPS has no float64
    carrier = _CARRIERS.get(array.dtype.name)
    plain = array if carrier is None else array.astype(carrier)
    return torch.as_tensor(plain, device="cpu").to(dtype).to(where)
