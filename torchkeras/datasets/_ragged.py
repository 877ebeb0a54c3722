"""Arrays of lists of whole numbers, which `.npz` files keep as pickles; nothing in them is run."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ._pickle_machine import read
from ._pickles import DAMAGE, NAMES, array_parts
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
        return _rows(read(content, NAMES))
    except DAMAGE as error:
        raise ValueError(
            f"{name} is refused: {error}. It should be a pickled array of lists of whole numbers. "
            "Nothing in it was run."
        ) from error


def _rows(value: Any) -> NDArray[Any]:
    shape, is_fortran, items = array_parts(value, _CODES, "object")
    if type(items) is not list or not all(type(item) is int or _is_row(item) for item in items):
        raise pickle.UnpicklingError("it holds something else than lists of whole numbers")
    rows = [id(item) for item in items if type(item) is list]
    if len(set(rows)) < len(rows):  # a small file could hold a huge one
        raise pickle.UnpicklingError("it has the same row several times")
    flat = np.empty(len(items), object)
    for index, item in enumerate(items):  # at once, lists of one length would become an axis
        flat[index] = item
    return flat.reshape(shape, order="F" if is_fortran else "C")


def _is_row(item: Any) -> bool:
    return type(item) is list and set(map(type, item)) <= {int}
