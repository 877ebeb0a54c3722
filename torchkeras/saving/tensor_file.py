"""One safetensors file: tensors written one after the other, and read where they lie."""

import json
import os
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .pieces import Movers, is_large
from .window import WritableWindow

_Path = str | os.PathLike[str]
_NAMES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL",
    "complex64": "C64", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
}  # fmt: skip
_HEADER_BYTES = 100_000_000  # more than that no reader takes
_ALIGNMENT = 8


def write(path: _Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors, of which only the one that is written may need memory.

    Args:
        path: The file.
        tensors: Tensors by name; gaps and devices do not matter.
        metadata: Texts by name, kept in the header.

    Raises:
        ValueError: If a dtype is one that the format lacks, or names and texts are too long.
    """
    # The largest items first, so that all lie where a processor can read them.
    dtypes = {name: _dtype_name(name, tensor) for name, tensor in tensors.items()}
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name in order:
        start, end = end, end + tensors[name].nbytes
        dtype = dtypes[name]
        shape = list(tensors[name].shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    if len(text) > _HEADER_BYTES:
        raise ValueError(
            f"A .safetensors file cannot hold names and texts of {len(text)} bytes; it may have "
            f"{_HEADER_BYTES}. Save a `.keras` file in its place."
        )
    with (
        open(path, "wb", buffering=0) as file,
        WritableWindow(file) as window,
        Movers() as movers,
    ):
        window.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            start = 8 + len(text) + header[name]["data_offsets"][0]
            _write_tensor(window, start, tensors[name], movers)


def _dtype_name(name: str, tensor: Tensor) -> str:
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in _NAMES or tensor.layout != torch.strided:
        raise ValueError(
            f"A .safetensors file cannot hold {name!r}, of dtype {dtype} and {tensor.layout}."
        )
    return _NAMES[dtype]


def _write_tensor(window: WritableWindow, start: int, tensor: Tensor, movers: Movers) -> None:
    plain = tensor.detach().as_subclass(Tensor).resolve_conj().resolve_neg()
    host = plain if plain.device.type == "cpu" else plain.contiguous().cpu()
    if is_large(host):
        movers.send(host, lambda at, part: window.write_at(start + at, part))
    elif host.numel():
        whole = host.contiguous().reshape(-1).view(torch.uint8).numpy()
        window.write_at(start, whole)


# Reading


def opened(path: _Path) -> Any:
    """Open a file of tensors, which are read when they are asked for.

    Args:
        path: The file.

    Raises:
        ValueError: If it is no whole safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        return safe_open(os.fspath(path), framework="pt", device="cpu")
    except SafetensorError as error:
        raise ValueError(f"{os.fspath(path)!r} is no whole safetensors file: {error}.") from error


def misfit(name: str, piece: Any, target: Tensor) -> str:
    """Return why a tensor in a file does not fit, or nothing.

    Args:
        name: Its name.
        piece: What the file's `get_slice` returns: shape and dtype, unread.
        target: The tensor that it is to be copied into.
    """
    shape, dtype = tuple(piece.get_shape()), str(piece.get_dtype())
    if shape != tuple(target.shape):
        return (
            f"{name!r} has the shape {shape} in the file, and {tuple(target.shape)} in the model."
        )
    if _kind(dtype) != _kind(_NAMES.get(str(target.dtype).removeprefix("torch."), "")):
        return f"{name!r} has the dtype {dtype} in the file, and {target.dtype} in the model."
    return ""


def _kind(dtype: str) -> str:
    """Return what kind of numbers a dtype has: within a kind, values are cast."""
    if dtype not in _NAMES.values():
        return "unknown"
    return {"BF16": "F", "BOOL": "BOOL"}.get(dtype) or dtype[0].replace("U", "I")
