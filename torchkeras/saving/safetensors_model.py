"""Whole models as `.safetensors`: weights under torch's names, with the config in the header.

What has no place among torch's names (the optimizer, metrics, the files of layers) lies beside them
in `NAME.state.safetensors`. Both bear one mark, so that a state is only read with its own weights.
"""

import io
import json
import os
import re
import secrets
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor, nn

from torchkeras._base.atomic import replacing
from torchkeras._base.budget import limited
from torchkeras._state.postponing import first_values_last
from torchkeras._state.variable import Variable

from . import archive, assets, keras_file, safetensors_file, tensor_file, weights_h5
from .saveables import is_metric, saveables

_CONFIG, _MARK, _NEEDED = "torchkeras_config", "torchkeras_state", "torchkeras_state_needed"
_FILES = "assets/"
_Path = str | os.PathLike[str]


def save(
    model: Any,
    filepath: _Path,
    include_optimizer: bool = True,
    max_shard_size: float | None = None,
) -> None:
    """Write a model.

    Args:
        model: The model.
        filepath: The file.
        include_optimizer: Whether what `compile` was given goes into it.
        max_shard_size: From how many GB on the weights lie in several files.
    """
    keras_file.warn_unbuilt(model)
    state = _state(model, include_optimizer)
    mark = secrets.token_hex(8) if state else ""
    texts = {_CONFIG: _config_of(model, include_optimizer)}
    if state:
        needed = any(name.startswith(_FILES) for name in state)
        texts |= {_MARK: mark} | ({_NEEDED: "files"} if needed else {})
    home, waiting = _state_path(filepath), _state_path(filepath, mark)
    try:
        if state:
            with replacing(waiting) as path:
                tensor_file.write(path, state, {"format": "pt", _MARK: mark})
        safetensors_file.save(model, filepath, max_shard_size, texts)
    except BaseException:
        if state:
            waiting.unlink(missing_ok=True)
        raise
    if state:
        os.replace(waiting, home)
    _remove_old(home, keep=bool(state))


def _config_of(model: Any, include_optimizer: bool) -> str:
    text = keras_file.config_of(model)
    return text if include_optimizer else json.dumps({**json.loads(text), "compile_config": None})


def _state_path(filepath: _Path, mark: str = "") -> Path:
    target = os.path.realpath(filepath).removesuffix(safetensors_file.INDEX)
    stem = target.removesuffix(safetensors_file.ENDING)
    return Path(f"{stem}.state{'.' if mark else ''}{mark}{safetensors_file.ENDING}")


def _remove_old(home: Path, keep: bool) -> None:
    """Remove states that no weights refer to any more."""
    stem = re.escape(home.name.removesuffix(safetensors_file.ENDING))
    waiting = re.compile(rf"{stem}\.[0-9a-f]{{16}}{re.escape(safetensors_file.ENDING)}")
    for path in home.parent.iterdir():
        if waiting.fullmatch(path.name) or (path == home and not keep and _mark_of(path)):
            path.unlink(missing_ok=True)


def _mark_of(path: Path) -> str | None:
    try:
        with tensor_file.opened(path) as file:
            return (file.metadata() or {}).get(_MARK)
    except (ValueError, OSError):
        return None


def _state(model: Any, include_optimizer: bool) -> dict[str, Tensor]:
    """Return what has no place among torch's names, as tensors by path."""
    found: dict[str, Tensor] = {}
    for path, item in _beside(model):
        if include_optimizer:
            values = _values(item)
            found |= {f"{path}/vars/{name}": _tensor(value) for name, value in values.items()}
    return found | _files(model)


def _files(model: Any) -> dict[str, Tensor]:
    """Return the files of layers, but of those whose `state_dict` holds the same."""
    taker = _Taker()
    assets.write(model, taker)
    alike = [
        f"{_FILES}{path}/"
        for path, item in saveables(model)
        if isinstance(item, nn.Module) and safetensors_file.loads_for_itself(item)
    ]
    return {name: t for name, t in taker.found.items() if not name.startswith(tuple(alike))}


def _beside(model: Any) -> Iterator[tuple[str, Any]]:
    for path, item in saveables(model):
        if not isinstance(item, nn.Module):
            yield path, item


def _values(item: Any) -> dict[str, Any]:
    if is_metric(item):
        return {str(index): variable for index, variable in enumerate(item.variables)}
    values: dict[str, Any] = {}
    weights_h5.write_own(item, values)
    return values


def _tensor(value: Any) -> Tensor:
    if isinstance(value, Variable):
        value = value.value
    return value if isinstance(value, Tensor) else torch.from_numpy(np.array(value))


class _Taker:
    """Takes files as an archive does, and keeps them as tensors of bytes."""

    def __init__(self) -> None:
        self.found: dict[str, Tensor] = {}

    def write(self, filename: Path, arcname: str) -> None:
        """Take a file.

        Args:
            filename: Where it lies.
            arcname: Its name here.
        """
        content = np.fromfile(filename, np.uint8)
        self.found[arcname] = torch.from_numpy(content)


# Reading


def load(filepath: _Path, custom_objects: Any, compile: bool, safe_mode: bool) -> Any:
    """Make the model that a file describes, and give it the file's weights."""
    with safetensors_file.opened(filepath) as tensors, first_values_last():
        text = tensors.metadata.get(_CONFIG)
        if not isinstance(text, str):
            raise ValueError(
                f"{tensors.name!r} holds weights alone, and no model. Make the model, build it and "
                "call `model.load_weights`; `load_torch_weights` takes the names of plain torch."
            )
        config = keras_file.parsed(text, tensors.name)
        if not compile:
            config["compile_config"] = None
        with limited(keras_file.budget(tensors.size)):
            model = keras_file.model_from(config, custom_objects, safe_mode, tensors.name)
        safetensors_file.read_into(model, tensors)
        metadata = tensors.metadata
    if metadata.get(_MARK) is not None:
        _load_state(model, os.fspath(filepath), metadata)
    return model


def _load_state(model: Any, name: str, metadata: Mapping[str, Any]) -> None:
    with _opened_state(name, metadata.get(_MARK)) as file:
        if file is None:
            _miss_state(model, name, _NEEDED in metadata)
            return
        keys = file.keys()
        for path, item in _beside(model):
            inside = f"{path}/vars/"
            store = _Stored(file, inside, [key for key in keys if key.startswith(inside)])
            _give(item, store, path, name)
        assets.read(model, _Files(file, [key for key in keys if key.startswith(_FILES)], name))


@contextmanager
def _opened_state(name: str, mark: Any) -> Iterator[Any]:
    if not isinstance(mark, str) or not re.fullmatch("[0-9a-f]{16}", mark):
        raise ValueError(f"Refused {name!r}: {mark!r} is no mark of a state.")
    for path in (_state_path(name), _state_path(name, mark)):
        if path.is_file() and not path.is_symlink() and _mark_of(path) == mark:
            with tensor_file.opened(path) as file:
                yield file
            return
    yield None


def _miss_state(model: Any, name: str, needed: bool) -> None:
    place = os.fspath(_state_path(name))
    if needed:
        raise FileNotFoundError(
            f"{name!r} needs the files of its layers (vocabularies) in {place!r}, which is missing "
            "or was saved with other weights."
        )
    if getattr(model, "optimizer", None) is not None:
        warnings.warn(
            f"The state of the optimizer was not loaded: {place!r} is missing, or was saved with "
            "other weights. Training begins afresh.",
            stacklevel=5,
        )


def _give(item: Any, store: "_Stored", path: str, name: str) -> None:
    try:
        if is_metric(item):
            for index, variable in enumerate(item.variables):
                variable.assign(store[str(index)])
        elif hasattr(item, "load_own_variables"):
            item.load_own_variables(store)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"The state beside {name!r} does not fit {path!r}: {error}") from error


class _Stored(Mapping[str, Any]):
    """The arrays of one object in a file, which are read when they are asked for."""

    def __init__(self, file: Any, prefix: str, keys: list[str]) -> None:
        self._file, self._prefix, self._keys = file, prefix, dict.fromkeys(keys)

    def __getitem__(self, name: str) -> Any:
        if f"{self._prefix}{name}" not in self._keys:
            raise KeyError(name)
        tensor: Tensor = self._file.get_tensor(f"{self._prefix}{name}")
        return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()

    def __iter__(self) -> Iterator[str]:
        return (key.removeprefix(self._prefix) for key in self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class _Files:
    """Files that are kept as tensors of bytes, as an archive shows its own."""

    def __init__(self, file: Any, keys: list[str], name: str) -> None:
        self.name, self._file, self._keys = name, file, keys
        for key in keys:
            if archive.escapes(key):
                raise ValueError(f"Refused {name!r}: {key!r} has a name that leads out of it.")

    def names(self) -> list[str]:
        """Return the names of all files."""
        return self._keys

    def stream(self, name: str) -> IO[bytes]:
        """Open a file to read it once, from its beginning.

        Args:
            name: Its name.
        """
        return io.BytesIO(self._file.get_tensor(name).numpy().tobytes())
