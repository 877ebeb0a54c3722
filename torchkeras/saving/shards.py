"""Weights over several files: shards, and an index that says which weight lies in which."""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torchkeras._base import leftovers
from torchkeras._base.atomic import replacing, synchronize

GIGABYTE = 1 << 30
_INDEX_BYTES, _SHARDS = 1 << 28, 10_000
_PLAIN = re.compile(r"[^/\\:\0]+")


def limit_of(max_shard_size: float | None) -> float | None:
    """Return the largest size of a shard in bytes.

    Args:
        max_shard_size: The same in GB, or `None` for one file.

    Raises:
        ValueError: If it is no positive number.
    """
    if max_shard_size is None:
        return None
    number = isinstance(max_shard_size, (int, float)) and not isinstance(max_shard_size, bool)
    if not number or not max_shard_size > 0:
        raise ValueError(
            "`max_shard_size` must be a positive number of GB, or None for one file. "
            f"Received: max_shard_size={max_shard_size!r}."
        )
    return max_shard_size * GIGABYTE


# Writing


@dataclass
class Shards:
    """Shards that are being written into a folder.

    Args:
        folder: The folder.
        index: What the index will say; the weights in it name shards as `add` was told.
    """

    folder: Path
    index: dict[str, Any] = field(default_factory=lambda: {"metadata": {}, "weight_map": {}})
    paths: dict[str, Path] = field(default_factory=dict)

    def add(self, name: str) -> Path:
        """Return where to write a shard.

        Args:
            name: What it will be called when all are written.
        """
        leftovers.remove(self.folder / name)
        self.paths[name] = leftovers.beside(self.folder / name)
        return self.paths[name]


@contextmanager
def replacing_shards(filepath: "str | os.PathLike[str]", pattern: str) -> Iterator[Shards]:
    """Write shards and their index so that there is always one index whose shards are all whole.

    Args:
        filepath: The index.
        pattern: What the names of its shards look like; old ones with such names are removed.
    """
    index = Path(os.path.realpath(filepath))
    with replacing(filepath) as path:
        path.touch()
        shards = Shards(index.parent)
        try:
            yield shards
            for written in shards.paths.values():
                synchronize(written)
            names = _placed(shards, index)
            path.write_text(json.dumps(_renamed(shards.index, names), indent=4), "utf-8")
        except BaseException:
            for written in shards.paths.values():
                written.unlink(missing_ok=True)
            raise
    if any(name != placed for name, placed in names.items()):
        for name, placed in names.items():
            _take_place(index.parent / placed, index.parent / name)
        with replacing(index) as path:
            path.write_text(json.dumps(shards.index, indent=4), "utf-8")
    remove_shards(index, pattern, keep=shards.paths)


def _placed(shards: Shards, index: Path) -> dict[str, str]:
    """Give the shards names; where old ones have theirs, names for a while."""
    taken = any((index.parent / name).exists() for name in shards.paths)
    mark = f".{secrets.token_hex(4)}" if taken else ""
    names = {name: _marked(name, mark) for name in shards.paths}
    for name, written in shards.paths.items():
        os.replace(written, index.parent / names[name])
    return names


def _marked(name: str, mark: str) -> str:
    ending = ".weights.h5" if name.endswith(".weights.h5") else Path(name).suffix
    return f"{name.removesuffix(ending)}{mark}{ending}"


def _renamed(index: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    places = {
        key: [names[each] for each in found] if isinstance(found, list) else names[found]
        for key, found in index["weight_map"].items()
    }
    return {**index, "weight_map": places}


def _take_place(placed: Path, target: Path) -> None:
    """Let a file have a second name, in place of the file that had it."""
    with replacing(target) as path:
        path.unlink()
        try:
            os.link(placed, path)
        except OSError:  # not every file system knows links
            shutil.copyfile(placed, path)


def remove_shards(filepath: "str | os.PathLike[str]", pattern: str, keep: Iterable[str]) -> None:
    """Remove shards that no index names any more.

    Args:
        filepath: The index, or where it was.
        pattern: What their names look like.
        keep: Names of those that stay.
    """
    found = re.compile(pattern)
    kept = set(keep)
    for path in Path(os.path.realpath(filepath)).parent.iterdir():
        if found.fullmatch(path.name) and path.name not in kept:
            with suppress(OSError):  # what cannot be removed does no harm
                path.unlink()


# Reading


@dataclass(frozen=True)
class Index:
    """What an index says.

    Args:
        name: The path of the index, for errors.
        weights: For each weight, the shards that hold it.
        metadata: The rest.
    """

    name: str
    weights: dict[str, list[str]]
    metadata: dict[str, Any]

    def paths(self) -> dict[str, str]:
        """Return the paths of all shards by name; all are there, in the folder of the index.

        Raises:
            ValueError: If one is a link that leads elsewhere.
            FileNotFoundError: If one is missing.
        """
        names = dict.fromkeys(name for found in self.weights.values() for name in found)
        return {name: self._path(name) for name in names}

    def _path(self, name: str) -> str:
        folder = os.path.dirname(self.name)
        path = os.path.join(folder, name)
        # Where index and shards are all links, as in caches of downloads, so are both at their end.
        homes = {os.path.realpath(folder), os.path.dirname(os.path.realpath(self.name))}
        if os.path.dirname(os.path.realpath(path)) not in homes:
            raise ValueError(f"Refused {self.name!r}: its shard {name!r} is a link that leads out.")
        if not os.path.isfile(path):
            raise FileNotFoundError(f"The shard {name!r} that {self.name!r} names is missing.")
        return path


def read_index(filepath: "str | os.PathLike[str]", ending: str) -> Index:
    """Return what an index says.

    Args:
        filepath: The index.
        ending: How the names of shards end.

    Raises:
        ValueError: If it is no index, or names what is no shard beside it.
    """
    name = os.fspath(filepath)
    if os.path.getsize(name) > _INDEX_BYTES:
        raise ValueError(f"Refused {name!r}: an index has at most {_INDEX_BYTES} bytes.")
    try:
        content = json.loads(Path(name).read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The index {name!r} is no whole JSON: {error}.") from error
    places = content.get("weight_map") if isinstance(content, dict) else None
    metadata = content.get("metadata") or {} if isinstance(content, dict) else None
    if not isinstance(places, dict) or not isinstance(metadata, dict):
        raise ValueError(f"{name!r} is no index of shards: it has no `weight_map`.")
    weights = {key: _checked(name, key, found, ending) for key, found in places.items()}
    if len({shard for found in weights.values() for shard in found}) > _SHARDS:
        raise ValueError(f"Refused {name!r}: it names more than {_SHARDS} shards.")
    return Index(name, weights, metadata)


def _checked(name: str, key: str, found: Any, ending: str) -> list[str]:
    shards = found if isinstance(found, list) else [found]
    for shard in shards:
        plain = isinstance(shard, str) and _PLAIN.fullmatch(shard) and shard.endswith(ending)
        if not plain or shard.startswith("."):
            raise ValueError(
                f"Refused {name!r}: {shard!r}, the shard of {key!r}, is no name of a `{ending}` "
                "file in the folder of the index."
            )
    return shards
