"""Damage to files: single bytes, and parts of the structures that lie in them."""

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import yaml

Bytes = Callable[[bytes, random.Random], bytes]

NUMBERS = (0, 1, -1, 2, 7, 255, 65536, 2**31 - 1, 2**31, 2**32, 2**62, 2**63, 2**64, 10**30)
ODD = (None, True, False, "", "x", "..", "/etc/passwd", "a" * 5000, 0.5, -0.5, 1e308, float("nan"))
NAMES = (
    "Dense", "Model", "Sequential", "Functional", "Lambda", "TFSMLayer", "InputLayer", "function",
    "__lambda__", "__tensor__", "__numpy__", "__tuple__", "__bytes__", "__slice__", "Adam",
    "relu", "load_model", "TorchModuleWrapper", "StringLookup", "Bidirectional", "Add", "eval",
)  # fmt: skip
YAML_SIGNS = (
    ": !!python/object/apply:os.system ", ": !!python/name:os.system ", ": &a ", ": *a",
    ": &a [*a]",
    ": 2020-13-45 #", ": !!binary ", ": !!int ", ": !!set ", ": | ", ": <<: *a", ": 0x",
    ": -.inf #", ": !!timestamp ", ": !!float x #", "\t", ":\n- ",
)  # fmt: skip
MODULES = ("keras.layers", "keras.ops", "keras", "builtins", "os", "torch", "keras.src.models", "")
WORDS = (0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 0x8000000000000000)


# Bytes


def bytes_damaged(data: bytes, rng: random.Random) -> bytes:
    """Change, cut, repeat, remove or insert bytes, once or several times."""
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        data = rng.choice(_BYTES)(data, rng)
    return data


def _flip(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data or b"\0")
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _word(data: bytes, rng: random.Random) -> bytes:
    width = rng.choice((1, 2, 4, 8))
    word = (rng.choice(WORDS) & (1 << 8 * width) - 1).to_bytes(width, rng.choice(("little", "big")))
    at = rng.randrange(max(1, len(data)))
    return data[:at] + word + data[at + width :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _without(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.choice((1, 4, 100)) :]


def _repeated(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at : at + rng.choice((1, 8, 300))] + data[at:]


def _inserted(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.choice((1, 4, 64))) + data[at:]


_BYTES: tuple[Bytes, ...] = (
    _flip,
    _flip,
    _flip,
    _word,
    _word,
    _cut,
    _without,
    _repeated,
    _inserted,
)


# JSON


def json_damaged(data: bytes, rng: random.Random) -> bytes:
    """Change fields of a JSON text, once or several times."""
    config = json.loads(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        config = _changed(config, rng)
    try:
        return json.dumps(config).encode()
    except RecursionError:  # Python cannot write it, so it can be no text of Python's
        return b"[" * 5000


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Return every container of a structure with each of its keys."""
    found, waiting = [], [node]
    while waiting:
        at = waiting.pop()
        keys = at.keys() if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
        found += [(at, key) for key in keys]
        waiting += [at[key] for key in keys]
    return found


def _changed(config: Any, rng: random.Random) -> Any:
    places = _places(config)
    if not places:
        return _value(config, rng)
    owner, key = rng.choice(places)
    action = rng.randrange(6)
    if action == 0:
        del owner[key]
    elif action == 1 and isinstance(owner, dict):
        owner[rng.choice(("x", "name", "config", "class_name", "units", ""))] = owner.pop(key)
    elif action == 2:
        other, its_key = rng.choice(places)
        owner[key] = json.loads(json.dumps(other[its_key])) if its_key in _keys(other) else None
    elif action == 3 and isinstance(owner, list):
        owner.insert(rng.randrange(len(owner) + 1), json.loads(json.dumps(owner[key])))
    else:
        owner[key] = _value(owner[key], rng)
    return config


def _keys(node: Any) -> Any:
    return node.keys() if isinstance(node, dict) else range(len(node))


def _value(old: Any, rng: random.Random) -> Any:
    if isinstance(old, str) and rng.random() < 0.6:
        return rng.choice(NAMES + MODULES)
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(NUMBERS)
    if kind == 1:
        return [old] * rng.choice((0, 1, 3, 50))
    if kind == 2:
        return {"class_name": rng.choice(NAMES), "config": old, "module": rng.choice(MODULES)}
    if kind == 3:
        deep = old
        for _ in range(rng.choice((2, 30, 400))):
            deep = [deep]
        return deep
    if kind == 4 and isinstance(old, (int, float)):
        return old * rng.choice((-1, 2, 1000, 10**9))
    return rng.choice(ODD)


# Archives


def zip_damaged(data: bytes, rng: random.Random) -> bytes:
    """Change a member of an archive, with sums that hold, or the headers of the archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    if rng.random() < 0.15:
        return _header_damaged(data, rng)
    index = rng.randrange(len(members))
    info, content = members[index]
    name = info.filename
    action = rng.random()
    if action < 0.75:
        content = _member_damaged(name, content, rng)
    elif action < 0.85:
        name = rng.choice((f"../{name}", f"/{name}", name.upper(), f"assets/{name}", "x", "a\\b"))
    elif action < 0.9:
        members.pop(index)
    members[index : index + 1] = [(name, content)] if action < 0.9 else [(name, content)] * 2
    packing = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", packing) as archive:
        for member, its_content in members:
            archive.writestr(member if isinstance(member, str) else member.filename, its_content)
    return written.getvalue()


def _member_damaged(name: str, content: bytes, rng: random.Random) -> bytes:
    if name.endswith(".json") and rng.random() < 0.9:
        return json_damaged(content, rng)
    if name.endswith(".h5") and rng.random() < 0.8:
        return h5_damaged(content, rng)
    return bytes_damaged(content, rng)


def _header_damaged(data: bytes, rng: random.Random) -> bytes:
    """Change a field of a local header, of the directory or of its end."""
    sign = rng.choice((b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"))
    places = [at for at in range(len(data) - 4) if data[at : at + 4] == sign]
    if not places:
        return bytes_damaged(data, rng)
    at = rng.choice(places) + rng.randrange(4, 46)
    width = rng.choice((2, 4))
    word = (rng.choice(WORDS) & (1 << 8 * width) - 1).to_bytes(width, "little")
    return data[:at] + word + data[at + width :]


# HDF5


def h5_damaged(data: bytes, rng: random.Random) -> bytes:
    """Change attributes, arrays, groups and links of an HDF5 file, or its bytes."""
    if rng.random() < 0.25:
        return bytes_damaged(data, rng)
    place = io.BytesIO(data)
    with h5py.File(place, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        try:
            rng.choice(_H5)(file, rng.choice(names), rng)
        except (TypeError, ValueError, OSError, KeyError, RuntimeError):
            return bytes_damaged(data, rng)  # HDF5 itself will not write it
    return place.getvalue()


def _attribute(file: h5py.File, name: str, rng: random.Random) -> None:
    owners = [file, *(file[n] for n in [name, *_groups(file)] if len(file[n].attrs))]
    owner = rng.choice([each for each in owners if len(each.attrs)] or [file])
    key = rng.choice(list(owner.attrs) or ["x"])
    old = owner.attrs.get(key)
    if isinstance(old, str) and old.startswith("{") and rng.random() < 0.8:
        value: Any = json_damaged(old.encode(), rng).decode()
    else:
        value = rng.choice((b"x", "é" * 100, 7, -1.5, [b"a", b"b"], np.zeros((3, 3)), b"", [1, 2]))
        if isinstance(old, np.ndarray) and len(old) and rng.random() < 0.7:
            value = [*old[1:], old[0]] if rng.random() < 0.5 else [*old, *old]
    del owner.attrs[key]
    if rng.random() < 0.85:
        owner.attrs[key] = value


def _groups(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Group) else None)
    return names


def _array(file: h5py.File, name: str, rng: random.Random) -> None:
    shape = rng.choice(((), (0,), (1,), (3,), (2, 3), (1, 1, 1), (2**20,), (2**40, 2**20)))
    dtype = rng.choice(("f2", "f4", "f8", "i1", "i8", "u2", "c8", "S3", "?", h5py.string_dtype()))
    packing = rng.choice((None, "gzip", "lzf")) if shape else None
    large = len(shape) > 0 and np.prod(shape, dtype=float) > 10**6
    chunks = tuple(min(size, 64) for size in shape) if large else None
    del file[name]
    file.create_dataset(name, shape, dtype, compression=packing, chunks=chunks)


def _link(file: h5py.File, name: str, rng: random.Random) -> None:
    del file[name]
    links = (h5py.SoftLink("/"), h5py.ExternalLink("/etc/passwd", "/"), h5py.SoftLink(f"/{name}"))
    file[name] = rng.choice(links)


def _outside(file: h5py.File, name: str, rng: random.Random) -> None:
    del file[name]
    file.create_dataset(name, (4,), "f4", external=[("/etc/passwd", 0, 16)])


def _virtual(file: h5py.File, name: str, rng: random.Random) -> None:
    del file[name]
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset(name, layout)


def _removed(file: h5py.File, name: str, rng: random.Random) -> None:
    del file[name]


def _moved(file: h5py.File, name: str, rng: random.Random) -> None:
    file.move(name, rng.choice((f"{name}x", "x", "layers", "0")))


def _group(file: h5py.File, name: str, rng: random.Random) -> None:
    del file[name]
    file.create_group(name)


def _looped(file: h5py.File, name: str, rng: random.Random) -> None:
    owner = file[name] if isinstance(file[name], h5py.Group) else file[name].parent
    owner[rng.choice(("loop", "layers", "vars", "0"))] = file["/"]


_H5: tuple[Callable[[h5py.File, str, random.Random], None], ...] = (
    _attribute, _attribute, _attribute, _array, _array, _link, _outside, _virtual, _removed, _moved,
    _group, _looped,
)  # fmt: skip


# safetensors


def safetensors_damaged(data: bytes, rng: random.Random) -> bytes:
    """Change fields of the header, with a length that holds or not, or the bytes."""
    if rng.random() < 0.3:
        return bytes_damaged(data, rng)
    (length,) = struct.unpack("<Q", data[:8])
    header, rest = data[8 : 8 + length], data[8 + length :]
    header = json_damaged(header, rng)
    length = len(header) if rng.random() < 0.9 else rng.choice(WORDS)
    return struct.pack("<Q", length) + header + rest


def text_damaged(data: bytes, rng: random.Random) -> bytes:
    """Change fields of a JSON text, or its bytes."""
    return json_damaged(data, rng) if rng.random() < 0.8 else bytes_damaged(data, rng)


def yaml_damaged(data: bytes, rng: random.Random) -> bytes:
    """Change fields of a YAML text, its tags and references, or its bytes."""
    action = rng.random()
    if action < 0.5:
        return json_damaged(json.dumps(yaml.safe_load(data)).encode(), rng)  # which is YAML, too
    if action < 0.8:
        lines = data.decode().splitlines()
        at = rng.randrange(len(lines))
        lines[at] = lines[at].replace(": ", rng.choice(YAML_SIGNS), 1)
        return "\n".join(lines).encode()
    return bytes_damaged(data, rng)


def _zip_or_bytes(data: bytes, rng: random.Random) -> bytes:
    return zip_damaged(data, rng) if rng.random() < 0.7 else bytes_damaged(data, rng)


_BY_ENDING: dict[str, Bytes] = {
    ".keras": _zip_or_bytes,
    ".h5": h5_damaged,
    ".safetensors": safetensors_damaged,
    ".json": text_damaged,
    ".yaml": yaml_damaged,
}


def damaged(path: Path, data: bytes, rng: random.Random) -> bytes:
    """Return a damaged copy of a file's bytes, by its ending."""
    return _BY_ENDING.get(path.suffix, bytes_damaged)(data, rng)
