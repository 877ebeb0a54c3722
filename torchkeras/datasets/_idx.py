"""The idx format of MNIST and its relatives: a short header, then bytes."""

import gzip
import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ._search import Splits
from ._verified import WrongFileError

_UINT8 = 0x08


@dataclass(frozen=True, slots=True)
class IdxFile:
    """One file: its name, the shape it holds, and the SHA-256 of its uncompressed bytes."""

    name: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def header(self) -> bytes:
        """What stands before the data: two zeros, type, number of axes, sizes."""
        axes = len(self.shape)
        return struct.pack(f">4B{axes}I", 0, 0, _UINT8, axes, *self.shape)


@dataclass(frozen=True, slots=True)
class IdxSet:
    """The files of a data set: images and labels to train and to test with."""

    train: tuple[IdxFile, IdxFile]
    test: tuple[IdxFile, IdxFile]

    @property
    def names(self) -> str:
        """The file names, for messages."""
        return ", ".join(file.name for file in (*self.train, *self.test))

    def read(self, folder: Path) -> Splits:
        """Read all files of a folder, each plain or as `.gz`."""
        # Looked for before any is read: a folder with three of the four is no find.
        found = {file: _find(folder, file) for file in (*self.train, *self.test)}
        x_train, y_train = (read_idx(found[file], file) for file in self.train)
        x_test, y_test = (read_idx(found[file], file) for file in self.test)
        return (x_train, y_train), (x_test, y_test)


def read_idx(path: Path, expected: IdxFile) -> NDArray[np.uint8]:
    """Return the writable array of one file, plain or `.gz`, after checking it wholly."""
    header = expected.header
    size = len(header) + math.prod(expected.shape)
    content = _read(path, size + 1)
    if content[: len(header)] != header:
        raise WrongFileError(
            path,
            f"does not begin as an idx file of shape {expected.shape} "
            f"(with {header.hex()}, but {content[: len(header)].hex()})",
        )
    if len(content) != size:
        size_is = f"more than {size}" if len(content) > size else str(len(content))
        raise WrongFileError(path, f"holds {size_is} bytes where its header promises {size}")
    found = hashlib.sha256(content).hexdigest()
    if found != expected.sha256:
        raise WrongFileError(
            path,
            "is damaged or another file (the sha256 of its uncompressed bytes is "
            f"{found}, not {expected.sha256})",
        )
    return np.frombuffer(bytearray(content), np.uint8, offset=len(header)).reshape(expected.shape)


def _find(folder: Path, file: IdxFile) -> Path:
    for path in (folder / file.name, folder / f"{file.name}.gz"):
        if path.is_file():
            return path
    raise FileNotFoundError(folder / file.name)


def _read(path: Path, at_most: int) -> bytes:
    """Read the (uncompressed) begin of a file: what a bomb unpacks to is never made."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return file.read(at_most)
    except (OSError, EOFError, zlib.error) as error:
        raise WrongFileError(path, f"cannot be read ({error})") from error
