"""Small data sets, written to disk as Keras, torchvision and the authors write the real ones."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from torchkeras.datasets._cifar import Batch, CifarSet
from torchkeras.datasets._idx import IdxFile, IdxSet

TRAIN, TEST = 12, 5
IDX_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def grey_arrays(rng: np.random.Generator, size: int = 28) -> tuple[np.ndarray, ...]:
    """x_train, y_train, x_test, y_test as in MNIST."""
    return tuple(
        array
        for count in (TRAIN, TEST)
        for array in (
            rng.integers(0, 256, (count, size, size), np.uint8),
            rng.integers(0, 10, count).astype(np.uint8),
        )
    )


def idx_bytes(array: np.ndarray) -> bytes:
    """One idx file of unsigned bytes."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def idx_set(arrays: tuple[np.ndarray, ...]) -> IdxSet:
    """The table that goes with `write_idx`."""
    files = [
        IdxFile(name, array.shape, hashlib.sha256(idx_bytes(array)).hexdigest())
        for name, array in zip(IDX_NAMES, arrays, strict=True)
    ]
    return IdxSet(train=(files[0], files[1]), test=(files[2], files[3]))


def write_idx(folder: Path, arrays: tuple[np.ndarray, ...], *, packed: bool = False) -> None:
    """The four files of MNIST, packed as the authors and Debian have them, or not."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(IDX_NAMES, arrays, strict=True):
        content = idx_bytes(array)
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)


def write_npz(path: Path, arrays: tuple[np.ndarray, ...]) -> str:
    """Keras's mnist.npz; returns its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ("x_train", "y_train", "x_test", "y_test")
    np.savez(path, **dict(zip(names, arrays, strict=True)))
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Python2Pickler(pickle._Pickler):  # type: ignore[name-defined]
    """Writes what Python 2 wrote: byte strings as strings, arrays from `numpy.core`."""

    def save_bytes(self, obj: bytes) -> None:
        short = len(obj) < 256
        self.write(pickle.SHORT_BINSTRING if short else pickle.BINSTRING)
        self.write(struct.pack("<B" if short else "<i", len(obj)) + obj)
        self.memoize(obj)

    def save_text(self, obj: str) -> None:
        self.save_bytes(obj.encode())

    def save_global(self, obj: Any, name: str | None = None) -> None:
        module = obj.__module__.replace("numpy._core", "numpy.core")
        self.write(pickle.GLOBAL + f"{module}\n{name or obj.__qualname__}\n".encode())
        self.memoize(obj)

    dispatch: ClassVar = {
        **pickle._Pickler.dispatch,  # type: ignore[attr-defined]
        bytes: save_bytes,
        str: save_text,
        type: save_global,
        type(len): save_global,
    }


def python2_pickle(value: Any) -> bytes:
    """What `cPickle.dumps(value, 2)` returned."""
    buffer = io.BytesIO()
    _Python2Pickler(buffer, 2).dump(value)
    return buffer.getvalue()


@dataclass(frozen=True)
class Cifar:
    """A small CIFAR: its files by name, and the table that goes with them."""

    files: CifarSet
    contents: dict[str, bytes]

    def md5(self, name: str) -> str:
        """The MD5 of a file."""
        return hashlib.md5(self.contents[name]).hexdigest()

    def write_folder(self, parent: Path) -> Path:
        """`parent/cifar-.../` with its batches."""
        folder = parent / self.files.folder
        folder.mkdir(parents=True)
        for name, content in self.contents.items():
            (folder / name).write_bytes(content)
        return folder

    def write_archive(self, path: Path) -> CifarSet:
        """The `.tar.gz` of the authors; returns the table with its hash."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w:gz", compresslevel=1) as archive:
            for name, content in self.contents.items():
                member = tarfile.TarInfo(f"{self.files.folder}/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return replace(self.files, archive_sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def cifar(real: CifarSet, contents: dict[str, bytes]) -> Cifar:
    """A small CIFAR of the given files, with the names and places of the real one."""

    def batches(of: tuple[Batch, ...]) -> tuple[Batch, ...]:
        return tuple(Batch(b.name, hashlib.md5(contents[b.name]).hexdigest()) for b in of)

    return Cifar(replace(real, train=batches(real.train), test=batches(real.test)), contents)


def cifar10(real: CifarSet, rng: np.random.Generator, rows: int = 3) -> Cifar:
    """CIFAR-10 with `rows` images a batch."""
    contents = {
        batch.name: python2_pickle(
            {
                b"batch_label": b"a batch",
                b"labels": rng.integers(0, 10, rows).tolist(),
                b"data": rng.integers(0, 256, (rows, 3072), np.uint8),
                b"filenames": [b"leptodactylus_pentadactylus_s_000004.png"] * rows,
            }
        )
        for batch in (*real.train, *real.test)
    }
    names = python2_pickle({b"label_names": [b"airplane", b"automobile"], b"num_vis": 3072})
    return cifar(real, {**contents, "batches.meta": names})


def cifar100(real: CifarSet, rng: np.random.Generator, rows: int = 7) -> Cifar:
    """CIFAR-100 with `rows` images to train and as many to test with."""
    contents = {
        batch.name: python2_pickle(
            {
                b"batch_label": b"training batch 1 of 1",
                b"fine_labels": rng.integers(0, 100, rows).tolist(),
                b"coarse_labels": rng.integers(0, 20, rows).tolist(),
                b"data": rng.integers(0, 256, (rows, 3072), np.uint8),
            }
        )
        for batch in (*real.train, *real.test)
    }
    names = python2_pickle({b"fine_label_names": [b"apple"], b"coarse_label_names": [b"fish"]})
    return cifar(real, {**contents, "meta": names})
