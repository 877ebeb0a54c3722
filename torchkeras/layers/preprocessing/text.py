"""Text as NumPy arrays of bytes: the one form in which layers handle strings."""

from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

import numpy as np
import torch
from torch.utils.data import get_worker_info

from torchkeras._base import device
from torchkeras._base.messages import show

Strings = np.ndarray[Any, np.dtype[np.object_]]
_TEXT = (str, bytes, np.str_, np.bytes_)


def is_text(value: Any) -> bool:
    """Say whether a value is a string, or an array or nested list of strings."""
    if isinstance(value, _TEXT):
        return True
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind is not None:
        return kind in "USTO"
    return isinstance(value, (list, tuple)) and len(value) > 0 and is_text(value[0])


def as_strings(value: Any, argument: str = "inputs") -> "np.ndarray[Any, Any]":
    """Return strings in any form as an array, each as it came; what they are is not looked at.

    Args:
        value: A string, an array or table of strings, or nested lists of equal length.
        argument: What the strings are called in errors.

    Raises:
        TypeError: If there cannot be any strings.
    """
    return value if isinstance(value, np.ndarray) else _array(value, argument)


def as_bytes(value: Any, argument: str = "inputs") -> Strings:
    """Return strings in any form as an array of UTF-8 bytes, in the shape that they came in.

    Args:
        value: A string, an array or table of strings, or nested lists of equal length.
        argument: What the strings are called in errors.

    Raises:
        ValueError: If lists differ in length.
        TypeError: If there is anything but strings.
    """
    array = _array(value, argument)
    if array.dtype.kind == "O" and not array.size:
        return array
    flat = array.reshape(-1).tolist()
    if array.dtype.kind == "O" and set(map(type, flat)) == {bytes}:
        return array
    if any(isinstance(x, (list, tuple, np.ndarray)) for x in flat[:1] + flat[-1:]):
        raise ValueError(
            f"`{argument}` must be strings in lists of equal length. Received: {show(value)}."
        )
    made = np.empty(len(flat), dtype=object)
    try:
        made[:] = [x.encode() if isinstance(x, str) else _as_is(x) for x in flat]
    except TypeError as error:
        raise TypeError(f"`{argument}` must hold strings. Received: {show(value)}.") from error
    return made.reshape(array.shape)


def _as_is(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(type(value).__name__)
    return value


def _array(value: Any, argument: str) -> Strings:
    if isinstance(value, _TEXT):
        array = np.empty((), dtype=object)
        array[()] = value
        return array
    if hasattr(value, "__array__") and not isinstance(value, torch.Tensor):
        return np.asarray(value).astype(object)
    if not isinstance(value, (list, tuple)):
        raise TypeError(
            f"`{argument}` must be a string, or an array or list of strings. Received: "
            f"{show(value)} (of type {type(value).__name__})."
        )
    return np.array(value, dtype=object)


def rows_of(value: Any) -> list[list[bytes]]:
    """Return the tokens of each sample: arrays, or nested lists of different lengths.

    Args:
        value: What a function that splits text returned, or a batch of tokens.
    """
    rows = given_rows_of(value)
    flat = iter(as_bytes(list(chain.from_iterable(rows))).tolist())
    return [list(islice(flat, len(row))) for row in rows]


def given_rows_of(value: Any) -> list[list[Any]]:
    """Return the tokens of each sample as they came; what they are is not looked at.

    Args:
        value: What a function that splits text returned, or a batch of tokens.
    """
    if isinstance(value, (list, tuple)) and len(value) and not isinstance(value[0], _TEXT):
        return [_row(row) for row in value]
    array = value if isinstance(value, np.ndarray) else _array(value, "inputs")
    if array.dtype.kind == "O" and array.ndim == 1 and _holds_rows(array):
        return [_row(row) for row in array.tolist()]
    found = as_bytes(array)
    return (
        [found.reshape(-1).tolist()] if found.ndim < 2 else [row.ravel().tolist() for row in found]
    )


def _holds_rows(array: Strings) -> bool:
    return len(array) > 0 and isinstance(array[0], (list, tuple, np.ndarray))


def _row(given: Any) -> list[Any]:
    is_flat = type(given) is list and (not given or isinstance(given[0], _TEXT))
    return given if is_flat else as_bytes(given).reshape(-1).tolist()


def decoded(tokens: Iterable[bytes], encoding: str) -> list[str]:
    """Return tokens as Python strings."""
    return [token.decode(encoding) for token in tokens]


def placed(array: Any) -> torch.Tensor:
    """Return an array as a tensor where models run; in a worker of a loader, on the CPU."""
    tensor = torch.from_numpy(np.asarray(array, order="C"))
    return tensor if get_worker_info() is not None else tensor.to(device.running())
