"""Arrays of lists of whole numbers, which `.npz` files keep as pickles; nothing in them is run."""

import io
import math
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ._pickles import ANSWERS, Dtype, Inert, Reconstruct
from ._verified import read_verified

_CODES = ("O8", "O4", "O", "|O")


def read_ragged_npz(path: Path, digest: str, names: tuple[str, ...]) -> list[NDArray[Any]]:
    """Return the named arrays of a verified `.npz` file, of numbers or of lists of integers.

    Raises:
        WrongFileError: The file has another hash.
        ValueError: An array holds anything else.
    """
    with zipfile.ZipFile(io.BytesIO(read_verified(path, digest))) as archive:
        return [_member(archive.read(f"{name}.npy"), f"{path} ({name})") for name in names]


def _member(content: bytes, name: str) -> NDArray[Any]:
    """Return the array in a `.npy` file."""
    file = io.BytesIO(content)
    header = {1: npy.read_array_header_1_0, 2: npy.read_array_header_2_0}
    major, _ = npy.read_magic(file)
    dtype = header[min(major, 2)](file)[2]
    if dtype.hasobject:
        return load_rows(file.read(), name)
    file.seek(0)
    array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    return array


def load_rows(content: bytes, name: str) -> NDArray[Any]:
    """Return a pickled array of objects, each a whole number or a list of them.

    Args:
        content: The pickle.
        name: Where it comes from, for messages.

    Raises:
        ValueError: The pickle holds anything else, or is damaged.
    """
    try:
        rows = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        if not isinstance(rows, _Rows) or rows.values is None:
            raise pickle.UnpicklingError("it holds no array")
        return rows.values
    except Exception as error:  # a forged pickle may raise what it likes
        raise ValueError(
            f"{name} is refused: {error}. It should be a pickled array of lists of whole numbers. "
            "Nothing in it was run."
        ) from error


class _Rows(Inert):
    """Notes an array of objects, once all of them are known to be plain."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: NDArray[Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, is_fortran, items = state
        if not isinstance(dtype, Dtype) or dtype.code not in _CODES:
            raise pickle.UnpicklingError("it holds an array of another type than object")
        sizes_are_counts = all(type(size) is int and size >= 0 for size in shape)
        if not sizes_are_counts or type(items) is not list or len(items) != math.prod(shape):
            raise pickle.UnpicklingError("it holds an array whose items do not fill its shape")
        if not all(type(item) is int or _is_row(item) for item in items):
            raise pickle.UnpicklingError("it holds something else than lists of whole numbers")
        flat = np.empty(len(items), object)
        for index, item in enumerate(items):  # at once, lists of one length would become an axis
            flat[index] = item
        self.values = flat.reshape(shape, order="F" if is_fortran else "C")


def _is_row(item: Any) -> bool:
    return type(item) is list and set(map(type, item)) <= {int}


class _ReconstructRows(Reconstruct):
    """Answers `numpy.core.multiarray._reconstruct`."""

    __slots__ = ()

    def __call__(self, *arguments: Any) -> Any:
        return _Rows()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ANSWERS:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        answer = ANSWERS[module, name]
        return _ReconstructRows() if isinstance(answer, Reconstruct) else answer
