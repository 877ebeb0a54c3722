"""Weights as `.safetensors` files: the `state_dict`, under torch's names, in one file or several.

Shards and their index are named as Hugging Face does it: `model-00001-of-00002.safetensors` and so
on, and `model.safetensors.index.json`.
"""

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from torchkeras._base.atomic import replacing
from torchkeras._base.messages import did_you_mean

from . import shards, tensor_file

ENDING, INDEX = ".safetensors", ".index.json"
_LISTED = 10
_Path = str | os.PathLike[str]


# Writing


def save(
    model: nn.Module,
    filepath: _Path,
    max_shard_size: float | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write the `state_dict`; tensors that are tied are written once, as safetensors does it.

    Args:
        model: The model.
        filepath: The file.
        max_shard_size: From how many GB on there are several files.
        metadata: Texts by name that are kept as well.
    """
    tensors, tied = _unique(model)
    limit = shards.limit_of(max_shard_size)
    target = Path(os.path.realpath(filepath))
    texts = {"format": "pt", **tied, **(metadata or {})}
    groups = [list(tensors)] if limit is None else _groups(tensors, limit)
    if len(groups) > 1:
        _save_shards(target, tensors, groups, texts)
        target.unlink(missing_ok=True)
        return
    with replacing(filepath) as path:
        tensor_file.write(path, tensors, texts)
    index = target.with_name(target.name + INDEX)
    if index.exists():
        index.unlink()
        shards.remove_shards(index, _pattern(target), keep=())


def _save_shards(
    target: Path, tensors: Mapping[str, Tensor], groups: list[list[str]], texts: dict[str, str]
) -> None:
    stem, index = target.name.removesuffix(ENDING), target.with_name(target.name + INDEX)
    with shards.replacing_shards(index, _pattern(target)) as writing:
        total = sum(tensor.nbytes for tensor in tensors.values())
        writing.index["metadata"] = {"total_size": total, **texts}
        for number, names in enumerate(groups, 1):
            shard = f"{stem}-{number:05}-of-{len(groups):05}{ENDING}"
            part = {name: tensors[name] for name in names}
            tensor_file.write(writing.add(shard), part, {"format": "pt"})
            writing.index["weight_map"].update(dict.fromkeys(names, shard))


def _pattern(target: Path) -> str:
    stem = re.escape(target.name.removesuffix(ENDING))
    return rf"{stem}-\d{{5}}-of-\d{{5}}(\.[0-9a-f]{{8}})?\.safetensors"


def _groups(tensors: Mapping[str, Tensor], limit: float) -> list[list[str]]:
    """Return the names of each shard; a tensor that is larger than a shard may be has its own."""
    groups: list[list[str]] = [[]]
    size = 0
    for name, tensor in tensors.items():
        if groups[-1] and size + tensor.nbytes > limit:
            groups.append([])
            size = 0
        groups[-1].append(name)
        size += tensor.nbytes
    return groups


def _unique(model: nn.Module) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors by name, each once, and for the other names of a tensor its first one."""
    tensors: dict[str, Tensor] = {}
    tied: dict[str, str] = {}
    name_by_place: dict[tuple[Any, ...], str] = {}
    for name, tensor in model.state_dict().items():
        if not isinstance(tensor, Tensor):
            raise ValueError(
                f"A .safetensors file only holds tensors. Received: {name!r} of type "
                f"{type(tensor).__name__} in the `state_dict` (`get_extra_state`)."
            )
        place = (tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype)
        known = name_by_place.setdefault(place, name) if tensor.numel() else name
        if known == name:
            tensors[name] = tensor
        else:
            tied[name] = known
    return tensors, tied


# Reading


def find(filepath: _Path) -> str | None:
    """Return the file, or the index of its shards if there is that one only.

    Args:
        filepath: The name of a `.safetensors` file or of an index.
    """
    name = os.fspath(filepath)
    names = [name] if name.endswith(INDEX) else [name, name + INDEX]
    return next((each for each in names if os.path.isfile(each)), None)


class Tensors(Mapping[str, Any]):
    """The tensors of a file or of several, unread: what is found has `get_shape`, `get_dtype`.

    Args:
        name: The file or index, for errors.
        files: For each tensor, the open file that holds it.
        metadata: The texts that came with them.
        size: The bytes of all files.
    """

    def __init__(self, name: str, files: dict[str, Any], metadata: dict[str, Any], size: int):
        self.name, self.metadata, self.size = name, metadata, size
        self._files = files

    def __getitem__(self, name: str) -> Any:
        return self._files[name].get_slice(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def read(self, name: str) -> Tensor:
        """Return a tensor, which lies in the file until it is looked at."""
        tensor: Tensor = self._files[name].get_tensor(name)
        return tensor


@contextmanager
def opened(filepath: _Path) -> Iterator[Tensors]:
    """Open a file, or all shards of an index.

    Args:
        filepath: What `find` returned.

    Raises:
        ValueError: If a file is not whole, or an index leads elsewhere.
        FileNotFoundError: If a shard is missing.
    """
    name = os.fspath(filepath)
    with ExitStack() as stack:
        if not name.endswith(INDEX):
            file = stack.enter_context(tensor_file.opened(name))
            held = dict.fromkeys(file.keys(), file)
            yield Tensors(name, held, dict(file.metadata() or {}), os.path.getsize(name))
            return
        index = shards.read_index(name, ENDING)
        paths = index.paths()
        files = {s: stack.enter_context(tensor_file.opened(p)) for s, p in paths.items()}
        names = {shard: set(file.keys()) for shard, file in files.items()}
        held = {key: files[_holder(index, key, names)] for key in index.weights}
        size = sum(os.path.getsize(path) for path in paths.values())
        yield Tensors(name, held, index.metadata, size)


def _holder(index: shards.Index, key: str, names: Mapping[str, set[str]]) -> str:
    found = [shard for shard in index.weights[key] if key in names[shard]]
    if len(found) != 1:
        raise ValueError(
            f"{index.name!r} is damaged: of its shards {index.weights[key]}, which should hold "
            f"{key!r}, {len(found)} do."
        )
    return found[0]


def load(model: nn.Module, filepath: _Path, skip_mismatch: bool = False) -> None:
    """Read tensors into the ones that the model has; names and shapes are compared first."""
    with opened(filepath) as tensors:
        read_into(model, tensors, skip_mismatch)


def read_into(model: nn.Module, tensors: Tensors, skip_mismatch: bool = False) -> None:
    """Copy tensors into the ones that the model has.

    Args:
        model: The model.
        tensors: An open file.
        skip_mismatch: Whether what does not fit is left alone, with a warning.

    Raises:
        ValueError: If something does not fit; nothing is changed then.
    """
    own = {f"{path}.": each for path, each in model.named_modules() if loads_for_itself(each)}
    own = {prefix.removeprefix("."): module for prefix, module in own.items()}
    wanted = {name: t for name, t in model.state_dict().items() if _place(name) not in own}
    tied = set(_unique(model)[1])
    misfits = {n: tensor_file.misfit(n, tensors[n], wanted[n]) for n in tensors if n in wanted}
    unknown = sorted(name for name in tensors if name not in wanted and _place(name) not in own)
    missing = [name for name in wanted if name not in tensors and name not in tied]
    problems = [*_other_names(missing, unknown), *filter(None, misfits.values())]
    if problems:
        shown = "\n".join(problems[:_LISTED])
        more = f"\n... and {len(problems) - _LISTED} more" if len(problems) > _LISTED else ""
        message = f"{tensors.name!r} does not fit the model:\n{shown}{more}"
        if not skip_mismatch:
            raise ValueError(message)
        warnings.warn(message, stacklevel=5)
    for prefix, module in own.items():
        _let_load(module, prefix, tensors)
    with torch.no_grad():
        for name, problem in misfits.items():
            if not problem:
                wanted[name].copy_(tensors.read(name))


def _other_names(missing: list[str], unknown: list[str]) -> Iterator[str]:
    for name in missing:
        yield f"{name!r} is missing in the file.{did_you_mean(name, unknown)}"
    for name in unknown:
        yield f"{name!r} is not in the model."


def loads_for_itself(module: nn.Module) -> bool:
    """Say whether a module takes its part of a `state_dict` in a way of its own (vocabularies)."""
    return not type(module)._load_from_state_dict.__module__.startswith("torch.")


def _place(name: str) -> str:
    return name[: name.rfind(".") + 1]


def _let_load(module: nn.Module, prefix: str, tensors: Tensors) -> None:
    state = {name: tensors.read(name) for name in tensors if _place(name) == prefix}
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []
    module._load_from_state_dict(state, prefix, {}, True, missing, unexpected, errors)
    problems = [*errors, *_other_names(missing, unexpected)]
    if problems:
        raise ValueError(f"{tensors.name!r} does not fit the model:\n" + "\n".join(problems))
