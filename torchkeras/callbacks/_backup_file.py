"""Nested plain values and tensors in one safetensors file: nothing in it can run code."""

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.atomic import replacing
from torchkeras._base.messages import show

_FORMAT = "torchkeras backup 1"
_WRONG = (ValueError, KeyError, AttributeError, TypeError, RecursionError)
_PLAIN = (bool, int, float, str, type(None))


class Packer:
    """Takes nested values apart into tensors by number and a skeleton that JSON can hold."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._places: set[int] = set()

    def pack(self, value: Any, where: str = "") -> Any:
        """Return the skeleton of a value, whose tensors are kept.

        Args:
            value: Tensors, arrays, numbers, strings, `None`, in lists, tuples and dictionaries.
            where: What the value is called in an error.

        Raises:
            TypeError: If something else is in it.
        """
        if isinstance(value, _PLAIN) and not isinstance(value, np.generic):
            return value
        if isinstance(value, list):
            return [self.pack(item, f"{where}[{index}]") for index, item in enumerate(value)]
        if isinstance(value, tuple):
            return {"tuple": self.pack(list(value), where)}
        if isinstance(value, Mapping):
            pairs = [[key, self.pack(item, f"{where}[{key!r}]")] for key, item in value.items()]
            return {"dict": [[self.pack(key, where), item] for key, item in pairs]}
        return self._pack_numbers(value, where)

    def _pack_numbers(self, value: Any, where: str) -> Any:
        if isinstance(value, Tensor):
            return {"tensor": self._keep(value)}
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufc":
            array = np.array(value)
            return {kind: self._keep(torch.from_numpy(array.astype(array.dtype.newbyteorder("="))))}
        raise TypeError(
            f"{where} cannot be backed up. Received: {show(value)} (of type "
            f"{type(value).__name__}). Keep tensors, arrays, numbers, strings, None, and lists, "
            "tuples and dictionaries of them."
        )

    def _keep(self, tensor: Tensor) -> str:
        """Keep a tensor that lies alone in its memory, as the file format wants it."""
        kept = tensor.detach().cpu().contiguous()
        alone = kept.untyped_storage().nbytes() == kept.nbytes
        if not alone or kept.data_ptr() in self._places:
            kept = kept.clone()
        self._places.add(kept.data_ptr())
        name = str(len(self.tensors))
        self.tensors[name] = kept
        return name


def unpack(skeleton: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Return the value that `Packer.pack` took apart.

    Args:
        skeleton: What it returned.
        tensors: What it kept.
    """
    if isinstance(skeleton, list):
        return [unpack(item, tensors) for item in skeleton]
    if not isinstance(skeleton, dict):
        return skeleton
    ((kind, inside),) = skeleton.items()
    if kind == "tuple":
        return tuple(unpack(inside, tensors))
    if kind == "dict":
        return {unpack(key, tensors): unpack(item, tensors) for key, item in inside}
    if kind == "tensor":
        return tensors[inside]
    array = tensors[inside].numpy()
    return array if kind == "array" else array[()]


def write(state: Mapping[str, Any], filepath: "str | os.PathLike[str]") -> None:
    """Write a state into a file, which is replaced in one step.

    Args:
        state: Plain values and tensors, nested.
        filepath: The file.
    """
    from safetensors.torch import save_file

    packer = Packer()
    skeleton = {key: packer.pack(value, key) for key, value in state.items()}
    metadata = {"format": _FORMAT, "state": json.dumps(skeleton)}
    with replacing(filepath) as path:
        save_file(packer.tensors, path, metadata=metadata)


def read(filepath: "str | os.PathLike[str]") -> dict[str, Any]:
    """Return the state that `write` wrote.

    Args:
        filepath: The file.

    Raises:
        OSError: If it is no whole file of this kind.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(os.fspath(filepath), framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != _FORMAT:
                raise ValueError(f"its format is {metadata.get('format')!r}, not {_FORMAT!r}")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        skeleton = json.loads(metadata["state"])
        return {key: unpack(value, tensors) for key, value in skeleton.items()}
    except (SafetensorError, *_WRONG) as error:
        raise OSError(
            f"{os.fspath(filepath)!r} is no whole backup: {error}. Remove it to train from the "
            "beginning."
        ) from error
