"""Texts and their labels out of the archives that torchtext reads, sample for sample the same."""

import csv
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from ._search import Split, Splits
from ._verified import WrongFileError

_DAMAGE = (csv.Error, UnicodeDecodeError, IndexError, ValueError, tarfile.TarError, EOFError)
_SIDES = ("neg", "pos")


def as_arrays(pairs: Iterable[tuple[str, int]]) -> Split:
    """Return texts and labels as an array of objects and one of int64.

    Args:
        pairs: Texts with their labels.
    """
    found = list(pairs)
    texts = np.empty(len(found), dtype=object)
    texts[:] = [text for text, _ in found]
    return texts, np.array([label for _, label in found], dtype=np.int64)


def csv_file(path: Path) -> Split:
    """Return what a table holds: the label, counted from 1, and then pieces of text.

    Args:
        path: A file of comma-separated values.
    """
    with _named(path), path.open("rb") as file:
        return as_arrays(_csv_pairs(file))


def csv_archive(path: Path, parts: tuple[str, str]) -> Splits:
    """Return what two tables in a tar archive hold.

    Args:
        path: The archive.
        parts: The paths of the tables in it.
    """
    found: dict[str, Split] = {}
    with _named(path), tarfile.open(path, "r|*") as archive:
        for member in archive:
            part = next((p for p in parts if p in member.name and p not in found), None)
            file = archive.extractfile(member) if part is not None and member.isfile() else None
            if file is not None and part is not None:
                found[part] = as_arrays(_csv_pairs(file))
        missing = [part for part in parts if part not in found]
        if missing:
            raise ValueError(f"it has no {missing[0]!r}")
    return found[parts[0]], found[parts[1]]


def review_archive(path: Path) -> Splits:
    """Return the reviews in a tar archive, one in each file `PART/neg/...` or `PART/pos/...`.

    They keep the order of the archive.

    Args:
        path: The archive.
    """
    found: dict[str, list[tuple[str, int]]] = {"train": [], "test": []}
    with _named(path), tarfile.open(path, "r|*") as archive:
        for member in archive:
            part, side = ("", "", *Path(member.name).parts[:-1])[-2:]
            file = archive.extractfile(member) if part in found and side in _SIDES else None
            if file is not None:
                found[part].append((file.read().decode(), _SIDES.index(side)))
    train, test = map(as_arrays, found.values())
    return train, test


def tsv_archive(path: Path, part: str) -> list[list[str]]:
    """Return the rows of a table in a zip archive, without its head.

    Args:
        path: The archive.
        part: The path of the table in it.
    """
    try:
        with _named(path), zipfile.ZipFile(path) as archive, archive.open(part) as file:
            return [row for row in _rows(file, "\t") if row][1:]
    except (zipfile.BadZipFile, KeyError) as error:
        raise WrongFileError(path, f"cannot be read ({error})") from error


def _csv_pairs(file: IO[bytes]) -> Iterator[tuple[str, int]]:
    for row in _rows(file, ","):
        yield " ".join(row[1:]), int(row[0]) - 1


def _rows(file: IO[bytes], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(_lines(file), delimiter=delimiter)


def _lines(file: IO[bytes]) -> Iterator[str]:
    """Yield lines as Python's text files do, which end them at a lone `\\r` too."""
    for line in file:
        yield from line.decode("utf-8").strip("\r\n").split("\r")


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say of which file an error tells."""
    try:
        yield
    except _DAMAGE as error:
        raise WrongFileError(path, f"cannot be read ({error})") from error
