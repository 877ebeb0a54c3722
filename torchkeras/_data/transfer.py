"""Arrays of any kind to torch tensors: floats in `floatx`, integers as they are, on one device."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._base.settings import floatx
from torchkeras._state.arrays import is_borrowed, shared

from .lists import as_arrays

# torch does little with these; a wider signed type holds the same numbers.
_WIDER = {"uint16": np.int32, "uint32": np.int64, "uint64": np.int64}
_NUMBERS = "biufc"
_NAMES = ("x", "y", "sample_weight")
_PLAIN = (Tensor, np.ndarray)


def narrowed(tensor: Tensor) -> Tensor:
    """Return floats in `floatx`; anything else as it is."""
    wanted = to_torch(floatx())
    if tensor.dtype is wanted or not tensor.is_floating_point():
        return tensor
    return tensor.to(wanted)


def shares_memory(array: "np.ndarray[Any, Any]") -> bool:
    """Say whether torch can use the memory of an array as it is."""
    dtype, flags = array.dtype, array.flags
    if not (flags.writeable and dtype.isnative) or (dtype.kind == "u" and dtype.itemsize > 1):
        return False
    if flags.c_contiguous:
        return True
    return all(stride >= 0 and stride % array.itemsize == 0 for stride in array.strides)


def from_numpy(array: "np.ndarray[Any, Any]", argument: str = "x") -> Tensor:
    """Return an array as a tensor over the same memory where torch can do that, else a copy."""
    is_usual = array.dtype.kind in _NUMBERS
    if not is_usual and not is_borrowed(array):
        raise ValueError(not_numbers(argument, array))
    if not shares_memory(array):
        wanted = _WIDER.get(array.dtype.name, array.dtype.newbyteorder("="))
        array = np.array(array, dtype=wanted, order="C")
    return torch.from_numpy(array) if is_usual else shared(array)


def not_numbers(argument: str, array: Any) -> str:
    """Say that an array holds text or Python objects."""
    return (
        f"`{argument}` must hold numbers. Received: {argument}={show(array)}. Convert it first: "
        "`array.astype('float32')` for numbers kept as objects, a lookup table or one-hot columns "
        "for text and categories."
    )


def to_tensor(leaf: Any, argument: str = "x") -> Any:
    """Return an array of any library as a tensor; what is no array stays as it is."""
    if isinstance(leaf, Tensor):
        return narrowed(leaf)
    if hasattr(leaf, "toarray"):
        leaf = leaf.toarray()  # a sparse matrix
    elif not hasattr(leaf, "__array__"):
        return leaf
    array = leaf if isinstance(leaf, np.ndarray) else np.asarray(leaf)
    return narrowed(from_numpy(array, argument))


def mover(device: torch.device | None) -> Callable[[Any], Any]:
    """Return a function that turns a batch of arrays into tensors on `device`."""
    return _mover(device, to_torch(floatx()))


@lru_cache(maxsize=8)
def _mover(device: torch.device | None, floats: torch.dtype) -> Callable[[Any], Any]:
    def move(leaf: Any, argument: str = "x") -> Any:
        if type(leaf) is not Tensor:
            leaf = (
                from_numpy(leaf, argument)
                if type(leaf) is np.ndarray
                else to_tensor(leaf, argument)
            )
            if not isinstance(leaf, Tensor):
                return leaf
        if leaf.dtype is not floats and leaf.is_floating_point():
            leaf = leaf.to(floats)
        return leaf if device is None or leaf.device == device else _sent(leaf, device)

    def move_part(part: Any, argument: str = "x") -> Any:
        if part is None or type(part) in _PLAIN or not tree.is_nested(part):
            return move(part, argument)
        part = as_arrays(part, argument)
        return tree.map_structure(lambda leaf: move(leaf, argument), part)

    def is_settled(part: Any) -> bool:
        if part is None:
            return True
        if type(part) is not Tensor or (part.dtype is not floats and part.is_floating_point()):
            return False
        return device is None or part.device == device

    def move_all(data: Any) -> Any:
        if type(data) not in (tuple, list) or len(data) > len(_NAMES):
            return move_part(data)
        if all(map(is_settled, data)):
            return data
        return type(data)(map(move_part, data, _NAMES))

    return move_all


def _sent(tensor: Tensor, device: torch.device) -> Tensor:
    return tensor.to(device, non_blocking=True)
