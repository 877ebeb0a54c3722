"""The files of CIFAR-10 and CIFAR-100: pickled batches, in a folder or still in their archive."""

import io
import math
import tarfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from torchkeras._base.settings import image_data_format

from ._pickles import load_arrays
from ._places import keras_folders, vision_roots
from ._search import Source, Split, Splits
from ._verified import WrongFileError, read_verified, verify
from ._vision import download

_URL = "https://www.cs.toronto.edu/~kriz/"
_SHAPE = (3, 32, 32)


@dataclass(frozen=True, slots=True)
class Batch:
    """One pickled file and its MD5."""

    name: str
    md5: str


@dataclass(frozen=True, slots=True)
class Labels:
    """Which labels of a batch are wanted, and in which dtype they are returned."""

    key: str
    dtype: str


@dataclass(frozen=True, slots=True)
class CifarSet:
    """The files of a data set and what torchvision calls it."""

    vision_class: str
    folder: str
    archive: str
    archive_sha256: str
    train: tuple[Batch, ...]
    test: tuple[Batch, ...]

    def sources(self, labels: Labels) -> list[Source[Splits]]:
        """Where the data set may be: the layouts of Keras old and new, and torchvision's."""
        folder = partial(self._read_folder, labels)
        archive = partial(self._read_archive, labels)
        found = []
        for keras in keras_folders():
            found += [
                Source(keras / f"{self.folder}-target" / self.folder, folder),
                Source(keras / f"{self.folder}-target_archive", archive),
                Source(keras / self.folder, folder),  # up to Keras 3.5
                Source(keras / f"{self.folder}.tar.gz", archive),
            ]
        for root in vision_roots():
            found += [Source(root / self.folder, folder), Source(root / self.archive, archive)]
        return found

    def download(self, labels: Labels) -> Callable[[], Splits]:
        """Return the function that downloads the data set."""
        return partial(download, self.vision_class, self.folder, partial(self._read_folder, labels))

    def put(self) -> Sequence[str]:
        """What to put where, for messages."""
        keras, root = keras_folders()[0], vision_roots()[0]
        return (
            f"{root / self.archive}  (from {_URL}{self.archive})",
            f"{keras / self.folder}-target_archive  (the same file under Keras's name)",
        )

    def _read_folder(self, labels: Labels, folder: Path) -> Splits:
        for batch in (*self.train, *self.test):
            if not (folder / batch.name).is_file():
                raise FileNotFoundError(folder / batch.name)

        def read(batch: Batch) -> Split:
            path = folder / batch.name
            return _parse(read_verified(path, batch.md5), path, labels)

        return _join(map(read, self.train)), _join(map(read, self.test))

    def _read_archive(self, labels: Labels, path: Path) -> Splits:
        names = {f"{self.folder}/{batch.name}" for batch in (*self.train, *self.test)}
        contents = _unpack(path, self.archive_sha256, names)

        def read(batch: Batch) -> Split:
            member = f"{self.folder}/{batch.name}"
            name = f"{path} ({member})"
            if member not in contents:
                raise WrongFileError(name, "is missing")
            verify(name, io.BytesIO(contents[member]), batch.md5)
            return _parse(contents[member], name, labels)

        return _join(map(read, self.train)), _join(map(read, self.test))


def _unpack(path: Path, digest: str, names: set[str]) -> dict[str, bytes]:
    """Return the named members of a verified archive; nothing is written to disk."""
    try:
        with path.open("rb") as file:
            verify(path, file, digest)
            file.seek(0)
            with tarfile.open(fileobj=file, mode="r:gz") as archive:
                return {
                    member.name: content.read()
                    for member in archive
                    if member.name in names and (content := archive.extractfile(member))
                }
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise WrongFileError(path, f"cannot be read ({error})") from error


def _parse(content: bytes, path: Path | str, labels: Labels) -> Split:
    """Return the images of one batch, `(n, 3, 32, 32)`, and its labels, `(n, 1)`."""
    values = load_arrays(content, path)
    rows, targets = values.get("data"), values.get(labels.key)
    width = math.prod(_SHAPE)
    if not (
        isinstance(targets, list)
        and all(type(target) is int for target in targets)
        and isinstance(rows, np.ndarray)
        and rows.shape == (len(targets), width)
    ):
        raise ValueError(
            f"{path} should hold as many rows of {width} uint8 values under 'data' as integers "
            f"under {labels.key!r}; it holds {sorted(values)}."
        )
    return rows.reshape(-1, *_SHAPE), np.array(targets, labels.dtype).reshape(-1, 1)


def _join(batches: Iterable[Split]) -> Split:
    """Join batches into contiguous arrays, the channels where the settings want them."""
    images, targets = zip(*batches, strict=True)
    count = sum(map(len, images))
    if image_data_format() == "channels_last":
        images = tuple(part.transpose(0, 2, 3, 1) for part in images)

    # Without `out`, joining transposed parts gives transposed memory.
    joined = np.empty((count, *images[0].shape[1:]), np.uint8)
    return np.concatenate(images, out=joined), np.concatenate(targets)
