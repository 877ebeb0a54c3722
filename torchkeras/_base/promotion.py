"""The dtype that Keras gives to a result of several: their least upper bound in JAX's lattice.

Python's `int` and `float` stand for numbers without a width: they give way to any dtype that can
hold them. Of what comes out, 64 bits are narrowed to 32.
"""

from functools import cache
from typing import Any

from . import settings
from .dtypes import standardize_dtype

# What lies right above each dtype.
_ABOVE = {
    "bool": ("int",),
    "int": ("uint8", "int8", "complex64"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex64": ("complex128",),
    "complex128": (),
}
_NARROW = {
    "int64": "int32",
    "uint64": "uint32",
    "float64": "float32",
    "complex128": "complex64",
}


def result_type(*dtypes: Any) -> str:
    """Return the name of the dtype that Keras gives to a result of several dtypes.

    Args:
        *dtypes: Dtypes; `int` and `float` are numbers without a width, `None` is `floatx()`.

    Raises:
        ValueError: If one of them is never converted implicitly, as float8.

    Example:
        >>> from torchkeras._base.promotion import result_type
        >>> result_type("int32", "float16"), result_type("uint8", int)
        ('float16', 'uint8')
    """
    floatx = settings.floatx()
    if not dtypes:
        return floatx
    names = [d.__name__ if d is int or d is float else standardize_dtype(d) for d in dtypes]
    refused = [name for name in names if name not in _ABOVE]
    if refused:
        raise ValueError(
            f"{refused[0]} is never converted implicitly. Received: dtypes={tuple(names)}. Cast "
            "the tensors to one dtype first."
        )
    return _least(frozenset(names), floatx)


@cache
def _least(names: frozenset[str], floatx: str) -> str:
    common = frozenset.intersection(*(_reachable(name) for name in names))
    least = next(name for name in common if common <= _reachable(name))
    if least in ("int", "float"):
        least += floatx[-2:]
    return _NARROW.get(least, least)


@cache
def _reachable(name: str) -> frozenset[str]:
    return frozenset({name}).union(*(_reachable(above) for above in _ABOVE[name]))
