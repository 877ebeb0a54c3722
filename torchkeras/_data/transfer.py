"""Arrays of any kind to torch tensors: floats in `floatx`, integers as they are, on one device."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._base.settings import floatx
from torchkeras._state.arrays import is_borrowed, shared

from .lane import lane_to
from .lists import as_arrays
from .text import holds_text, lists_text_only

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


def refuse_text(x: Any) -> None:
    """Refuse inputs of strings, for a model without a layer that reads them.

    Args:
        x: Arrays, or a nested structure of them.
    """
    for leaf in tree.flatten(x):
        if isinstance(leaf, np.ndarray) and holds_text(leaf):
            raise ValueError(not_numbers("x", leaf))


def to_tensor(leaf: Any, argument: str = "x") -> Any:
    """Return an array of any library as a tensor; what is no array stays as it is."""
    if isinstance(leaf, Tensor):
        return narrowed(leaf)
    if hasattr(leaf, "toarray"):
        leaf = leaf.toarray()  # a sparse matrix
    elif not hasattr(leaf, "__array__"):
        return leaf
    array = leaf if isinstance(leaf, np.ndarray) else np.asarray(leaf)
    if argument == "x" and array.dtype.kind not in _NUMBERS and holds_text(array):
        return array
    return narrowed(from_numpy(array, argument))


def mover(device: torch.device | None) -> Callable[[Any], Any]:
    """Return a function that turns a batch of arrays into tensors on `device`."""
    return _Mover(device, to_torch(floatx()))


class _Mover:
    """Turns arrays into tensors with floats of one dtype, on one device if it is given."""

    def __init__(self, device: torch.device | None, floats: torch.dtype) -> None:
        self._device, self._floats = device, floats
        self._lane = None if device is None else lane_to(device)

    def __call__(self, data: Any) -> Any:
        moved = self._moved(data)
        if self._lane is not None:
            self._lane.arrive()
        return moved

    def _moved(self, data: Any) -> Any:
        if type(data) not in (tuple, list) or len(data) > len(_NAMES):
            return self._part(data)
        if all(map(self._is_there, data)):
            return data
        if len(data) > 1 and _is_label_first(data):
            data = type(data)((data[1], data[0], *data[2:]))
        return type(data)(map(self._part, data, _NAMES))

    def _is_there(self, part: Any) -> bool:
        if type(part) is not Tensor:
            return part is None
        if part.dtype is not self._floats and part.is_floating_point():
            return False
        return self._device is None or part.device == self._device

    def _part(self, part: Any, argument: str = "x") -> Any:
        if part is None or type(part) in _PLAIN or not tree.is_nested(part):
            return self._leaf(part, argument)
        part = as_arrays(part, argument)
        return tree.map_structure(lambda leaf: self._leaf(leaf, argument), part)

    def _leaf(self, leaf: Any, argument: str) -> Any:
        if type(leaf) is np.ndarray:
            if leaf.dtype.kind not in _NUMBERS and argument == "x" and holds_text(leaf):
                return leaf
            leaf = from_numpy(leaf, argument)
        elif type(leaf) is not Tensor:
            leaf = to_tensor(leaf, argument)
            if not isinstance(leaf, Tensor):
                return leaf
        if leaf.dtype is not self._floats and leaf.is_floating_point():
            leaf = leaf.to(self._floats)
        if self._lane is None or leaf.device == self._device:
            return leaf
        return self._lane.send(leaf)


def _is_label_first(data: Any) -> bool:
    """Say whether samples are `(label, text)`, as torchtext's data sets have them."""
    return _is_text(data[1]) and _holds_labels(data[0])


def _holds_labels(part: Any) -> bool:
    if isinstance(part, (list, tuple)):
        return all(isinstance(label, int) for label in part)
    if isinstance(part, Tensor):
        return part.dim() == 1 and not part.is_floating_point()
    return isinstance(part, np.ndarray) and part.ndim == 1 and part.dtype.kind in "biu"


def _is_text(part: Any) -> bool:
    if isinstance(part, np.ndarray):
        return holds_text(part)
    return isinstance(part, (list, tuple)) and lists_text_only(part)
