"""Numbers, nested lists and arrays as tensors of Keras's dtype."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.dtypes import CARRIERS, standardize_dtype, to_torch
from torchkeras._base.messages import show

_Array = np.ndarray[Any, Any]
_INT32 = np.iinfo(np.int32)
# NumPy borrows these from ml_dtypes; torch does not know them there, but knows their bits.
_BITS = {"bfloat16": "int16", "float8_e4m3fn": "uint8", "float8_e5m2": "uint8"}
_NARROW = {"int64": "int32", "complex128": "complex64"}
_WIDTHLESS = (bool, int, float, complex, list, tuple)  # NumPy's float64 is a float as well


def from_numbers(x: Any, where: torch.device) -> Tensor:
    """Return numbers as a new tensor on a device.

    Python's floats become `floatx()`, its integers int32 (int64 if they need it); arrays keep
    their dtype.

    Args:
        x: A number, nested list or array.
        where: The device.

    Raises:
        TypeError: If `x` holds anything but numbers.
    """
    if type(x) is float:  # by way of an array, an exported program would hold a float64
        return torch.tensor(x, dtype=to_torch(None), device=where)
    if type(x) is int and _INT32.min <= x <= _INT32.max:  # arrays are not for compiled graphs
        return torch.tensor(x, dtype=torch.int32, device=where)
    array = np.array(x)
    if array.dtype.kind in "OSUMm":
        raise TypeError(f"Only numbers can become a tensor. Received: {show(x)}.")
    name = _narrowed(array, x) if isinstance(x, _WIDTHLESS) else array.dtype.name
    return _from_array(array, to_torch(name), where)


def is_borrowed(array: _Array) -> bool:
    """Say whether the dtype of an array is one of torch's that NumPy itself lacks."""
    return array.dtype.name in _BITS


def shared(array: _Array) -> Tensor:
    """Return an array as a tensor over the same memory, as far as torch can do that.

    Args:
        array: An array of numbers.
    """
    if not is_borrowed(array):
        return torch.as_tensor(array, device="cpu")
    dtype = to_torch(array.dtype.name)
    return torch.as_tensor(array.view(_BITS[array.dtype.name]), device="cpu").view(dtype)


def _narrowed(array: _Array, x: Any) -> str:
    """Return Keras's dtype for numbers of Python and for lists, which NumPy makes wide."""
    leaves = tree.flatten(x) if isinstance(x, (list, tuple)) else []
    kinds = {leaf.dtype for leaf in leaves if hasattr(leaf, "dtype")}
    own = np.result_type(*kinds) if kinds else array.dtype
    name = own.name if own.kind == array.dtype.kind else array.dtype.name
    if name == "int64" and array.size and max(array.max(), -1 - array.min()) > _INT32.max:
        return name
    return _NARROW.get(name) or standardize_dtype(None if name == "float64" else name)


def _from_array(array: _Array, dtype: torch.dtype, where: torch.device) -> Tensor:
    if where.type == "mps" and dtype == torch.float64:
        dtype = torch.float32  # MPS has no float64
    carrier = CARRIERS.get(array.dtype.name)
    return shared(array if carrier is None else array.astype(carrier)).to(dtype).to(where)
