"""Python 2's pickles of dictionaries with arrays, read without running anything in them.

A pickle is a program that may call whatever it can name. The three names that an array takes are
answered here by stand-ins that only note what they are given; every other name is refused. NumPy's
own functions would be no safe answer: a forged dtype makes them take bytes for addresses.
"""

import io
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def load_arrays(content: bytes, path: Path | str) -> dict[str, Any]:
    """Return the dictionary in a pickle, its arrays as uint8 `ndarray`s.

    Args:
        content: The pickle.
        path: Where it comes from, for messages.

    Raises:
        ValueError: The pickle holds anything but plain values and uint8 arrays, or is damaged.
    """
    try:
        values = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        return {_text(key): _unwrap(value) for key, value in values.items()}
    except Exception as error:  # a forged pickle may raise what it likes
        raise ValueError(
            f"{path} is refused: {error}. It should be a pickled dictionary of plain values and "
            "uint8 arrays. Nothing in it was run."
        ) from error


class Inert:
    """A stand-in that takes no attributes from a pickle."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError(
            f"it sets the state of a {type(self).__name__.removeprefix('_')}"
        )


class _ArrayType(Inert):
    """Answers `numpy.ndarray`, which array pickles only pass on."""

    __slots__ = ()


class Dtype(Inert):
    """Notes which dtype is named, and that it stays as named."""

    __slots__ = ("code",)

    def __init__(self, code: Any, *flags: Any) -> None:
        self.code = _text(code)

    def __setstate__(self, state: Any) -> None:
        if len(state) < 5 or any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("it forges a dtype")


class _DtypeType(Inert):
    """Answers `numpy.dtype`."""

    __slots__ = ()

    def __call__(self, *arguments: Any) -> Dtype:
        return Dtype(*arguments)


class _Array(Inert):
    """Notes the shape and the bytes of an array."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: NDArray[np.uint8] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, is_fortran, content = state
        if not isinstance(dtype, Dtype) or dtype.code != "u1":
            raise pickle.UnpicklingError("it holds an array of another type than uint8")
        sizes_are_counts = all(type(size) is int and size >= 0 for size in shape)
        if not sizes_are_counts or type(content) is not bytes or len(content) != math.prod(shape):
            raise pickle.UnpicklingError("it holds an array whose bytes do not fill its shape")
        values = np.frombuffer(content, np.uint8)
        self.values = values.reshape(shape, order="F") if is_fortran else values.reshape(shape)


class Reconstruct(Inert):
    """Answers `numpy.core.multiarray._reconstruct`."""

    __slots__ = ()

    def __call__(self, *arguments: Any) -> _Array:
        return _Array()


ANSWERS = {
    ("numpy", "ndarray"): _ArrayType(),
    ("numpy", "dtype"): _DtypeType(),
    ("numpy.core.multiarray", "_reconstruct"): Reconstruct(),
    ("numpy._core.multiarray", "_reconstruct"): Reconstruct(),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ANSWERS:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return ANSWERS[module, name]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _unwrap(value: Any) -> Any:
    return value.values if isinstance(value, _Array) else value
