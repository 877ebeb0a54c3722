"""Names of dtypes, as Keras writes them, and their torch counterparts."""

from typing import Any

import numpy as np
import torch

from . import settings
from .messages import did_you_mean

_NAMES = (
    "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 bfloat16 float32 float64 "
    "complex64 complex128 float8_e4m3fn float8_e5m2"
).split()
TORCH_DTYPES: dict[str, torch.dtype] = {
    name: getattr(torch, name) for name in _NAMES if hasattr(torch, name)
}
NAMES: dict[torch.dtype, str] = {dtype: name for name, dtype in TORCH_DTYPES.items()}
# torch hardly computes with the first; Keras reads these names as the second on torch.
CARRIERS = {"uint16": "int32", "uint32": "int64", "uint64": "int64"}
_PYTHON_TYPES: dict[Any, str] = {
    bool: "bool",
    int: "int32",
    "int": "int32",
    complex: "complex64",
    str: "string",
}


def standardize_dtype(dtype: Any) -> str:
    """Return the name of a dtype, given as a string, torch or NumPy dtype, Python type or `None`.

    Args:
        dtype: What names the dtype; `None` and `float` stand for `floatx()`.
    """
    if dtype is None or dtype is float:
        return settings.floatx()
    if isinstance(dtype, torch.dtype):
        return NAMES[dtype]
    if dtype in _PYTHON_TYPES:
        return _PYTHON_TYPES[dtype]
    name = _name_of(dtype)
    if name not in TORCH_DTYPES and name != "string":
        hint = did_you_mean(name, TORCH_DTYPES)
        raise ValueError(
            f"`dtype` must be one of {', '.join(TORCH_DTYPES)}. Received: dtype={dtype!r}.{hint}"
        )
    return name


def _name_of(dtype: Any) -> str:
    if isinstance(dtype, str):
        return dtype.removeprefix("torch.")
    if hasattr(dtype, "name"):
        return str(dtype.name)
    try:
        return np.dtype(dtype).name
    except TypeError:
        return str(dtype)


def to_torch(dtype: Any) -> torch.dtype:
    """Return the torch dtype that computes with anything that `standardize_dtype` understands."""
    if isinstance(dtype, torch.dtype):
        return dtype
    name = standardize_dtype(dtype)
    return TORCH_DTYPES[CARRIERS.get(name, name)]


def is_float(dtype: Any) -> bool:
    """Say whether a dtype is a floating-point one."""
    return to_torch(dtype).is_floating_point
