"""Python 2's pickles of dictionaries with arrays, read without running anything in them.

What NumPy calls to make an array is noted by `_pickle_machine` and made here. NumPy's own functions
would be no safe answer: a forged dtype makes them take bytes for addresses.
"""

import math
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._pickle_machine import Call, Name, read

_CLASS, _DTYPE = Name("numpy", "ndarray"), Name("numpy", "dtype")
_RECONSTRUCT = [Name(f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")]
NAMES = {_CLASS, _DTYPE, *_RECONSTRUCT}
# What a forged or damaged pickle leads to.
DAMAGE = (pickle.UnpicklingError, struct.error, ArithmeticError, LookupError, TypeError, ValueError)
_AXES = 32


def load_arrays(content: bytes, path: Path | str) -> dict[str, Any]:
    """Return the dictionary in a pickle, its arrays as uint8 `ndarray`s.

    Args:
        content: The pickle.
        path: Where it comes from, for messages.

    Raises:
        ValueError: The pickle holds anything but plain values and uint8 arrays, or is damaged.
    """
    try:
        values = read(content, NAMES)
        if type(values) is not dict:
            raise pickle.UnpicklingError(f"it holds a {type(values).__name__}")
        return {_text(key): _unwrap(value) for key, value in values.items()}
    except DAMAGE as error:
        raise ValueError(
            f"{path} is refused: {error}. It should be a pickled dictionary of plain values and "
            "uint8 arrays. Nothing in it was run."
        ) from error


def array_parts(value: Any, codes: tuple[str, ...], kind: str) -> tuple[tuple[int, ...], bool, Any]:
    """Return the shape of a pickled array, whether it is in Fortran's order, and what fills it.

    Args:
        value: What a pickle holds.
        codes: The dtypes that it may have, as pickles write them.
        kind: What they are called.

    Raises:
        pickle.UnpicklingError: It is no such array.
        TypeError: It is no such array.
        ValueError: It is no such array.
    """
    if type(value) is not Call or value.name not in _RECONSTRUCT or type(value.state) is not tuple:
        raise pickle.UnpicklingError("it holds no array")
    _, shape, dtype, is_fortran, content = value.state
    if _code(dtype) not in codes:
        raise pickle.UnpicklingError(f"it holds an array of another type than {kind}")
    sizes_are_counts = type(shape) is tuple and all(type(n) is int and n >= 0 for n in shape)
    if not sizes_are_counts or len(shape) > _AXES or len(content) != math.prod(shape):
        raise pickle.UnpicklingError(f"it holds an array whose {kind} values do not fill its shape")
    return shape, is_fortran is True, content


def _code(dtype: Any) -> str:
    """Return which dtype is named, once it is known to stay as named."""
    if type(dtype) is not Call or dtype.name != _DTYPE:
        return ""
    state = (None,) * 5 if dtype.state is None else dtype.state
    if type(state) is not tuple or len(state) < 5 or any(part is not None for part in state[2:5]):
        raise pickle.UnpicklingError("it forges a dtype")
    return _text(dtype.arguments[0])


def _array(value: Call) -> NDArray[np.uint8]:
    shape, is_fortran, content = array_parts(value, ("u1",), "uint8")
    if type(content) is not bytes:
        raise pickle.UnpicklingError("it holds an array without bytes")
    return np.frombuffer(content, np.uint8).reshape(shape, order="F" if is_fortran else "C")


def _text(value: Any) -> str:
    if type(value) not in (str, bytes):
        raise pickle.UnpicklingError(f"it has a {type(value).__name__} in the place of a text")
    return value.decode() if isinstance(value, bytes) else value


def _unwrap(value: Any) -> Any:
    """Make an array of what is one."""
    if type(value) is Name:
        raise pickle.UnpicklingError(f"it holds the name {value}")
    return _array(value) if type(value) is Call else value
