"""Files that Keras's authors host: looked for where Keras keeps them, else downloaded."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from torchkeras._base.fetch import Digest, fetch

from ._places import cache_folder, file_name, keras_folders
from ._search import Source, Splits, find
from ._verified import ALGORITHM_BY_LENGTH, WrongFileError, read_verified

_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hosted:
    """One file: its name and its hash, an MD5 or a SHA-256."""

    name: str
    digest: str

    def load(
        self, title: str, path: str | os.PathLike[str] | None, read: Callable[[Path, str], T]
    ) -> T:
        """Return what `read` makes of the file, found or downloaded.

        Args:
            title: What it is, for messages.
            path: The name that the user gave it.
            read: Takes a path and the hash that the file must have.
        """
        name = file_name("path", path, self.name)
        places = [folder / name for folder in (*keras_folders(), cache_folder())]

        def verified(place: Path) -> T:
            return read(place, self.digest)

        return find(
            title,
            [Source(place, verified) for place in places],
            partial(self._download, places[-1], verified),
            put=[f"{places[0]}  (from {_URL}{self.name})"],
        )

    def _download(self, place: Path, read: Callable[[Path], T]) -> T:
        if place.exists():  # it is there and was refused: it stays as it is
            raise WrongFileError(place, "stands where the download would go; move it away")
        digest = Digest(self.digest, ALGORITHM_BY_LENGTH[len(self.digest)])
        fetch(_URL + self.name, place, digest)
        return read(place)


def read_json(path: Path, digest: str) -> dict[str, int]:
    """Return the table in a verified JSON file."""
    table: dict[str, int] = json.loads(read_verified(path, digest))
    return table


def shuffled_split(x: Any, y: Any, test_split: float, seed: Any) -> Splits:
    """Shuffle rows as Keras does, and cut them into a first part and a rest."""
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut].copy(), y[:cut].copy()), (x[cut:].copy(), y[cut:].copy())


def check_test_split(test_split: float) -> None:
    """Raise a `ValueError` unless a part, and not all, is left to train with."""
    if not 0 <= test_split < 1:
        raise ValueError(
            f"`test_split` must be at least 0 and less than 1. Received: test_split={test_split!r}."
        )
