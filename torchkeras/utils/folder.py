"""Folders of files, one folder for each class: their order, labels and parts, as in Keras."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base import console
from torchkeras._base.messages import one_of, positive_int, show
from torchkeras._data.pipeline import Pipeline
from torchkeras._data.reading import Reading
from torchkeras._data.stages import Orders, seed_of, stacked

_MODES = ("int", "categorical", "binary", None)
_SUBSETS = ("training", "validation", "both", None)


@dataclass(frozen=True)
class Kind:
    """What a folder holds.

    Attributes:
        name: What one sample is called, for messages.
        formats: The endings of its files, in small letters.
        read: Returns what a file holds.
        join: Makes a batch of what files hold.
    """

    name: str
    formats: tuple[str, ...]
    read: Callable[[str], Any]
    join: Callable[[Sequence[Any]], Any] = stacked


@dataclass(frozen=True)
class Folder:
    """The arguments that all functions `..._from_directory` share."""

    directory: str | os.PathLike[str]
    labels: Any
    label_mode: str | None
    class_names: Any
    batch_size: int | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool

    def dataset(self, kind: Kind) -> Any:
        """Return the data set, or a list of two if both subsets are wanted."""
        self._check()
        has_labels = self.labels is not None and self.label_mode is not None
        seed = seed_of(self.seed)
        paths, labels, names = self._index(kind, has_labels, seed)
        if self.label_mode == "binary" and has_labels and len(names) != 2:
            raise ValueError(
                f"`label_mode='binary'` takes two classes. Received: {len(names)}, {names}."
            )
        made = self._labels(labels, len(names)) if has_labels else None
        if self.subset == "both":
            return [self._part(kind, paths, made, names, x, seed) for x in _SUBSETS[:2]]
        return self._part(kind, paths, made, names, self.subset, seed)

    def _check(self) -> None:
        one_of("label_mode", self.label_mode, _MODES)
        one_of("subset", self.subset, _SUBSETS)
        if self.batch_size is not None:
            positive_int("batch_size", self.batch_size)
        given = isinstance(self.labels, (list, tuple))
        if not given and (self.labels is not None and self.labels != "inferred"):
            raise ValueError(
                "`labels` must be 'inferred' (from the names of the folders), None, or a list of "
                f"one integer for each file. Received: labels={show(self.labels)}."
            )
        if self.class_names is not None and (given or self.labels is None):
            raise ValueError(
                "`class_names` must not be given unless `labels='inferred'`. Received: "
                f"labels={show(self.labels)}, class_names={self.class_names!r}."
            )
        split = self.validation_split
        if split and not 0 < split < 1:
            raise ValueError(
                f"`validation_split` must be between 0 and 1. Received: validation_split={split!r}."
            )
        if bool(split) != bool(self.subset):
            raise ValueError(
                "`validation_split` and `subset` must be given together. Received: "
                f"validation_split={split!r}, subset={self.subset!r}."
            )
        if split and self.shuffle and self.seed is None:
            raise ValueError(
                "`seed` must be given if `validation_split` is used with `shuffle=True`: else the "
                "two subsets would overlap."
            )

    def _index(self, kind: Kind, has_labels: bool, seed: int) -> tuple[list[str], Any, list[str]]:
        """Return the files, their class numbers and the names of the classes."""
        root = os.fspath(self.directory)
        if not os.path.isdir(root):
            kind_of_error = NotADirectoryError if os.path.exists(root) else FileNotFoundError
            raise kind_of_error(f"`directory` must be a folder. Received: directory={root!r}.")
        given = list(self.labels) if isinstance(self.labels, (list, tuple)) else None
        inferred = has_labels and given is None
        folders = self._classes(root) if inferred else [""]
        paths, labels = [], []
        for number, folder in enumerate(folders):
            found = list(_files(root, folder, kind.formats, self.follow_links))
            paths += found
            labels += [number] * len(found)
        names = folders if inferred else []
        if has_labels and given is not None:
            if len(given) != len(paths):
                raise ValueError(
                    "`labels` must have one label for each file. Received: "
                    f"{len(given)} labels, and {root!r} holds {len(paths)} files."
                )
            labels, names = given, [str(label) for label in sorted(set(given))]
        if self.verbose:
            classes = f" belonging to {len(names)} classes" if has_labels else ""
            console.write(f"Found {len(paths)} files{classes}.\n")
        if self.shuffle:
            np.random.RandomState(seed).shuffle(paths)
            np.random.RandomState(seed).shuffle(labels)
        return paths, labels, names

    def _classes(self, root: str) -> list[str]:
        found = [
            entry.name for entry in os.scandir(root) if entry.is_dir() and entry.name[0] != "."
        ]
        found.sort()
        if self.class_names is None:
            return found
        if not set(self.class_names) <= set(found):
            raise ValueError(
                f"`class_names` must be names of folders in {root!r}, which are {found}. "
                f"Received: class_names={self.class_names!r}."
            )
        return list(self.class_names)

    def _labels(self, labels: Any, num_classes: int) -> Tensor:
        numbers = torch.as_tensor(np.asarray(labels, dtype="int32"))
        if self.label_mode == "binary":
            return numbers.float().unsqueeze(1)
        if self.label_mode == "categorical":
            return (numbers.unsqueeze(1) == torch.arange(num_classes)).float()
        return numbers

    def _part(
        self,
        kind: Kind,
        paths: list[str],
        labels: Tensor | None,
        names: list[str],
        subset: str | None,
        seed: int,
    ) -> Pipeline:
        if self.validation_split and subset is not None:
            count = int(self.validation_split * len(paths))
            used = count if subset == "validation" else len(paths) - count
            console.write(f"Using {used} files for {subset}.\n")
            cut = len(paths) - count
            part = slice(cut) if subset == "training" else slice(cut, None)
            paths, labels = paths[part], None if labels is None else labels[part]
        if not paths:
            which = f"{subset} " if subset else ""
            raise ValueError(
                f"No {which}{kind.name} files found in {os.fspath(self.directory)!r}. Allowed: "
                f"files that end with {', '.join(kind.formats)}."
            )
        keeps_order = self.subset == "both" and subset == "validation"
        orders = Orders(seed) if self.shuffle and not keeps_order else None
        stage = Reading(_Files(kind, paths, labels), self.batch_size, orders)
        return Pipeline(stage, names or None, paths)


class _Files:
    """Reads files by number, each with its label."""

    is_slow = True

    def __init__(self, kind: Kind, paths: list[str], labels: Tensor | None) -> None:
        self._kind, self._paths, self._labels = kind, paths, labels
        self.size = len(paths)

    def sample(self, index: int) -> Any:
        """Return what a file holds, and its label."""
        value = self._kind.read(self._paths[index])
        return value if self._labels is None else (value, self._labels[index])

    def batch(self, indices: Any) -> Any:
        """Return a batch of files."""
        return self.join([self.sample(int(index)) for index in indices])

    def join(self, samples: Sequence[Any]) -> Any:
        """Return samples as a batch."""
        if self._labels is None:
            return self._kind.join(samples)
        values, labels = zip(*samples, strict=True)
        return self._kind.join(values), torch.stack(labels)


def _files(root: str, folder: str, formats: tuple[str, ...], follow_links: bool) -> Iterator[str]:
    """Yield the files below a folder, folder by folder and then by name."""
    top = os.path.join(root, folder) if folder else root
    for place, _, names in sorted(os.walk(top, followlinks=follow_links)):
        for name in sorted(names):
            if name.lower().endswith(formats):
                below = os.path.relpath(os.path.join(place, name), top)
                yield os.path.join(root, folder, below)
