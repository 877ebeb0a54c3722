"""Text among the data: arrays and lists of strings, which only layers that read text take."""

from typing import Any

import numpy as np
from torch import Tensor

_KINDS = "UST"
_STRINGS = (str, bytes)
_ITEM_BYTES = 64


def holds_text(array: Any) -> bool:
    """Say whether a NumPy array holds strings and nothing else.

    Args:
        array: The array; one of Python objects is looked through.
    """
    kind = array.dtype.kind
    if kind != "O":
        return kind in _KINDS
    return array.size > 0 and all(isinstance(item, _STRINGS) for item in array.flat)


def lists_text_only(data: Any) -> bool:
    """Say whether a list, and the lists in it, hold strings and nothing else."""
    if isinstance(data, (list, tuple)):
        return len(data) > 0 and all(map(lists_text_only, data))
    return isinstance(data, _STRINGS)


def text_array(data: Any, argument: str) -> "np.ndarray[Any, Any]":
    """Return lists of strings as an array.

    Args:
        data: A list of strings, or nested lists of equal length.
        argument: What they are called in messages.
    """
    array = np.array(data, dtype=object)
    if not holds_text(array):
        raise ValueError(
            f"`{argument}` must hold lists of strings of equal length. Received: lists of other "
            "lengths. Join the words of each sample, or pad the lists."
        )
    return array


class TextColumn:
    """Rows of strings; they stay arrays of NumPy, as tensors hold numbers alone."""

    def __init__(self, array: "np.ndarray[Any, Any]") -> None:
        self._array = array

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    @property
    def row_bytes(self) -> int:
        return self._array[:1].size * max(self._array.itemsize, _ITEM_BYTES)

    def rows(self, start: int, stop: int) -> Any:
        return self._array[start:stop]

    def take(self, indices: Tensor) -> Any:
        return self._array[indices.cpu().numpy()]

    def narrow(self, start: int, stop: int) -> "TextColumn":
        return TextColumn(self._array[start:stop])
