"""`.weights.h5` files over several shards, with an index that ends in `.weights.json`, as Keras 3.

Shards are called `model_00000.weights.h5` and so on. The index names the shards of each group.
"""

import math
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import shards, weights_h5
from .h5_reading import Datasets, find_group, opened, source_of
from .h5_writing import Writer, created
from .pieces import Movers, host_size

if TYPE_CHECKING:
    import h5py

_Array = np.ndarray[Any, Any]
_Path = str | os.PathLike[str]
ENDING, _SHARD = ".weights.json", ".weights.h5"


def save(
    model: Any,
    filepath: _Path,
    max_shard_size: float,
    objects_to_skip: Iterable[Any] | None = None,
) -> None:
    """Write the variables of a model and of its optimizer into shards, which are replaced.

    Args:
        model: The model.
        filepath: The index.
        max_shard_size: The largest size of a shard in GB.
        objects_to_skip: Layers that are left out.

    Raises:
        ValueError: If a variable is larger than a shard may be.
    """
    limit = shards.limit_of(max_shard_size) or math.inf
    stem = re.escape(_stem(filepath))
    pattern = rf"{stem}_\d{{5}}(\.[0-9a-f]{{8}})?\.weights\.h5"
    with shards.replacing_shards(filepath, pattern) as writing, ExitStack() as stack:
        writer = _Writer(writing, _stem(filepath), limit, stack)
        weights_h5.write_into(model, writer.group, objects_to_skip)
        writing.index["metadata"]["total_size"] = writer.total


def index_of(filepath: _Path, what: str) -> str:
    """Return the path of the index; Keras takes names of single files as well.

    Args:
        filepath: The index, or a file that ends in `.weights.h5`.
        what: What is being done, for the warning.
    """
    name = os.fspath(filepath)
    if name.endswith(ENDING):
        return name
    index = name.removesuffix(_SHARD) + ENDING
    warnings.warn(
        f"{what} sharded weights requires a `.weights.json` file: {index!r} is taken in place of "
        f"{name!r}.",
        stacklevel=4,
    )
    return index


def _stem(filepath: _Path) -> str:
    return Path(filepath).stem.replace(".weights", "")


class _Writer:
    """Opens a new shard whenever one is full."""

    def __init__(self, writing: shards.Shards, stem: str, limit: float, stack: ExitStack) -> None:
        self.total, self._size = 0, 0
        self._writing, self._stem, self._limit, self._stack = writing, stem, limit, stack
        self._count = 0
        self.open = self._next()

    def _next(self) -> Writer:
        self._stack.close()
        self.shard = f"{self._stem}_{self._count:05}{_SHARD}"
        self._count, self._size = self._count + 1, 0
        self.open = self._stack.enter_context(created(self._writing.add(self.shard)))
        return self.open

    def group(self, path: str, name: str | None) -> "_ShardedStore":
        """Return what the variables of an object are written into."""
        return _ShardedStore(self, path, name)

    def place(self, path: str, label: str | None, size: int) -> "h5py.Group":
        """Return the group for so many more bytes."""
        if size > self._limit:
            raise ValueError(
                f"A variable of {path!r} has {size} bytes, more than `max_shard_size` lets a file "
                f"have: {self._limit:.0f}. Raise it to at least {size / shards.GIGABYTE:.3g} GB."
            )
        self.total += size
        self._size += size
        if self._size > self._limit:
            self._next()
            self._size = size
        self._note(f"/{path}")
        group = find_group(self.open.file, path)
        if group is None:
            group = self.open.file.create_group(path)
            if label is not None:
                group.attrs["name"] = label
        return group

    def _note(self, key: str) -> None:
        places = self._writing.index["weight_map"]
        if key not in places:
            places[key] = self.shard
            return
        names = places[key] if isinstance(places[key], list) else [places[key]]
        places[key] = list(dict.fromkeys([*names, self.shard]))


class _ShardedStore(MutableMapping[str, Any]):
    """What `save_own_variables` fills: groups of one name, in one shard or in several."""

    def __init__(self, writer: _Writer, path: str, label: str | None) -> None:
        self._writer, self._path, self._label = writer, path, label
        self._written: dict[str, Any] = {}

    def __setitem__(self, name: str, value: Any) -> None:
        group = self._writer.place(self._path, self._label, host_size(value))
        self._writer.open.put(group, name, value)
        self._written[name] = value

    def __getitem__(self, name: str) -> Any:
        return self._written[name]

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"{name!r} is written already, and stays in its shard.")

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)


# Reading


def load(
    model: Any,
    filepath: _Path,
    skip_mismatch: bool = False,
    objects_to_skip: Iterable[Any] | None = None,
) -> None:
    """Read the variables of a model; numbers and shapes are compared before anything is read."""
    with _opened(filepath) as find:
        weights_h5.read_from(find, os.fspath(filepath), model, skip_mismatch, objects_to_skip)


@contextmanager
def _opened(filepath: _Path) -> Iterator[weights_h5.Find]:
    """Open all shards, and return what finds the datasets of a group in them."""
    index = shards.read_index(filepath, _SHARD)
    with ExitStack() as stack:
        paths = index.paths()
        files = {s: stack.enter_context(opened(path, path)) for s, path in paths.items()}

        def find(path: str) -> "_Joined":
            names = dict.fromkeys(index.weights.get(f"/{path}", ()))
            return _Joined(
                [Datasets(find_group(files[name], path), source_of(files[name])) for name in names]
            )

        yield find


class _Joined(Mapping[str, _Array]):
    """The arrays of groups of one name in several shards."""

    def __init__(self, parts: list[Datasets]) -> None:
        self._parts = parts

    def _holder(self, name: str) -> Datasets:
        found = [part for part in self._parts if name in part]
        if not found:
            raise KeyError(name)
        return found[0]

    def dataset(self, name: str) -> "h5py.Dataset":
        """Return a dataset after looking at what reading it would mean, but unread."""
        return self._holder(name).dataset(name)

    def fill(self, name: str, target: Any, movers: Movers | None = None) -> None:
        """Give a variable of the same shape the values of a dataset."""
        self._holder(name).fill(name, target, movers)

    def __getitem__(self, name: str) -> _Array:
        return self._holder(name)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for part in self._parts for name in part))

    def __len__(self) -> int:
        return len(list(iter(self)))
