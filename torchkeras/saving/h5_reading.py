"""Reading HDF5 files that strangers wrote: nothing outside the file, nothing out of proportion."""

import io
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from torchkeras._base.damage import raised_by

from .pieces import Movers, is_large, storage
from .window import Window

if TYPE_CHECKING:
    import h5py

_Array = np.ndarray[Any, Any]
_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}
_CHUNK_BYTES = 1 << 24
_PACKED_BYTES, _PACKED_RATIO = 1 << 26, 1100  # gzip cannot do better than 1032 to 1
_TOGETHER_RATIO = 100


@contextmanager
def opened(place: Any, name: str) -> "Iterator[h5py.File]":
    """Open a file for reading.

    Args:
        place: Its path, or the file, open for reading, or all its bytes.
        name: Its name, for errors.

    Raises:
        ValueError: If it is no HDF5 file, or HDF5 stumbles over it later.
    """
    import h5py

    try:
        image = h5py.h5f.open_file_image(place) if isinstance(place, bytes) else None
        file = h5py.File(place if image is None else image, "r")
    except (OSError, ValueError, RuntimeError) as error:  # of bytes in memory, HDF5 says less
        raise ValueError(f"{name!r} is no whole HDF5 file: {error}") from error
    try:
        with file:
            yield file
    except Exception as error:
        if not isinstance(error, EOFError) and not raised_by(error, "h5py"):
            raise
        raise ValueError(f"{name!r} is damaged: {error}") from error


def source_of(file: "h5py.File", place: Any = None) -> Window | None:
    """Return what lies under an open file, to read large values past HDF5, or `None`.

    Args:
        file: The file, as HDF5 sees it.
        place: What it was opened from, if that was no path.
    """
    if file.userblock_size:
        return None
    raw = getattr(place, "raw", place)
    if isinstance(raw, Window):
        return raw
    if file.driver != "sec2" or not hasattr(os, "preadv"):
        return None
    descriptor = file.id.get_vfd_handle()
    return Window(io.FileIO(descriptor, closefd=False), 0, os.fstat(descriptor).st_size)


def find_group(file: "h5py.File", path: str) -> "h5py.Group | None":
    """Return a group, or `None` if the file does not have it.

    Args:
        file: An open file.
        path: Its path.

    Raises:
        ValueError: If a step of the path is a link, or no group.
    """
    import h5py

    found: Any = file
    for part in path.split("/"):
        try:
            found = _step(found, part)
        except KeyError:
            return None
        if not isinstance(found, h5py.Group):
            raise ValueError(f"{path!r} should be a group in {file.file.filename!r}, and is none.")
    return found


def _step(group: "h5py.Group", name: str) -> Any:
    import h5py

    links, raw = group.id.links, name.encode("utf-8", "surrogateescape")
    if not links.exists(raw):
        raise KeyError(name)
    if links.get_info(raw).type != h5py.h5l.TYPE_HARD:
        kind = group.get(name, getclass=True, getlink=True)
        raise ValueError(
            f"Refused {group.name.rstrip('/')}/{name} in {group.file.filename!r}: it is a link "
            f"({getattr(kind, '__name__', kind)}), which could lead anywhere."
        )
    return group[name]


class Datasets(Mapping[str, _Array]):
    """The arrays in a group, which are read when they are asked for; empty without a group.

    Args:
        group: The group.
        source: What lies under its file, if it can be read past HDF5.
    """

    def __init__(self, group: "h5py.Group | None", source: Window | None = None) -> None:
        self._group, self._source, self._read = group, source, 0
        self._known: dict[str, h5py.Dataset] = {}

    def dataset(self, name: str) -> "h5py.Dataset":
        """Return a dataset after looking at what reading it would mean, but unread."""
        if self._group is None:
            raise KeyError(name)
        if name not in self._known:
            found = self._found(self._group, name)
            _check(found)
            self._known[name] = found
        return self._known[name]

    @staticmethod
    def _found(group: "h5py.Group", name: str) -> Any:
        try:
            return _step(group, name)
        except KeyError:
            if name in list(group):
                raise ValueError(
                    f"{group.file.filename!r} is damaged: {group.name} lists {name!r}, which "
                    "cannot be found there."
                ) from None
            raise

    def fill(self, name: str, target: Any, movers: Movers | None = None) -> None:
        """Give a variable of the same shape the values of a dataset.

        Args:
            name: The name of the dataset.
            target: The variable.
            movers: Threads that may still be at it afterwards.
        """
        dataset = self.dataset(name)
        if tuple(dataset.shape) != tuple(target.shape):
            target.assign(self[name])  # says what is wrong
        else:
            fill(target, dataset, self._source, movers)

    def __getitem__(self, name: str) -> _Array:
        dataset = self.dataset(name)
        declared = math.prod(dataset.shape) * dataset.dtype.itemsize
        if declared > _PACKED_BYTES:
            stored = dataset.id.get_storage_size()
            if declared > _PACKED_RATIO * stored:
                raise ValueError(
                    f"Refused {dataset.name}: it claims {declared} bytes, of which the file holds "
                    f"{stored}."
                )
        self._count(dataset, declared)
        return read(dataset)

    def _count(self, dataset: "h5py.Dataset", declared: int) -> None:
        """Raise if all that was read is far more than the file has, each array being small."""
        self._read += declared
        if self._read <= _PACKED_BYTES:
            return
        size = dataset.file.id.get_filesize()
        if self._read > _TOGETHER_RATIO * size:
            raise ValueError(
                f"Refused {dataset.name}: what was read so far and it together claim {self._read} "
                f"bytes, and the whole file has {size}."
            )

    def __iter__(self) -> Iterator[str]:
        return iter(() if self._group is None else self._group)

    def __len__(self) -> int:
        return 0 if self._group is None else len(self._group)

    def __contains__(self, name: object) -> bool:
        return self._group is not None and name in self._group


def _check(dataset: Any) -> None:
    """Raise if reading a dataset would leave the file, run a plugin or need undue memory."""
    import h5py

    reason = _problem(dataset) if isinstance(dataset, h5py.Dataset) else "it is no array"
    if reason:
        raise ValueError(f"Refused {dataset.name} in {dataset.file.filename!r}: {reason}.")


def _problem(dataset: "h5py.Dataset") -> str | None:
    import h5py

    plan, dtype = dataset.id.get_create_plist(), dataset.dtype
    if plan.get_external_count():
        return "its values lie in other files"
    if plan.get_layout() == h5py.h5d.VIRTUAL:
        return "it is put together from other files"
    if dataset.shape is None or not (dtype.kind in "biufc" or _is_bfloat16(dataset)):
        return f"it holds no numbers, but {dtype}"
    codes = [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]
    unknown = [code for code in codes if code not in _FILTERS]
    if unknown:
        return f"it is packed with filters {unknown}, which only plugins can read"
    chunk = math.prod(dataset.chunks or (0,)) * dtype.itemsize
    if chunk > math.prod(dataset.shape) * dtype.itemsize + _CHUNK_BYTES:
        return f"it is stored in pieces of {chunk} bytes, far more than the array has"
    return None


def _is_bfloat16(dataset: "h5py.Dataset") -> bool:
    return dataset.dtype.itemsize == 2 and dataset.attrs.get("dtype") == "bfloat16"


def fill(
    target: Any,
    dataset: "h5py.Dataset",
    source: Window | None = None,
    movers: Movers | None = None,
) -> None:
    """Give a variable the values of a dataset that `Datasets.dataset` has looked at.

    Args:
        target: A variable of the dataset's shape, or what has `assign` as it has.
        dataset: The dataset.
        source: What lies under its file, if it can be read past HDF5.
        movers: Threads that may still be at it afterwards.
    """
    view = storage(target) if source is not None else None
    start = None if view is None or not is_large(view) else _place(dataset, view)
    if view is None or source is None or start is None:
        target.assign(read(dataset))
        return
    if movers is None:
        with Movers() as own:
            fill(target, dataset, source, own)
        return

    def get(at: int, buffer: memoryview) -> None:
        source.read_at(start + at, buffer)

    movers.receive(view, get)


def _place(dataset: "h5py.Dataset", view: Tensor) -> int | None:
    """Return where the values of a dataset lie in the file, if they lie there as in memory."""
    import h5py

    plan, dtype = dataset.id.get_create_plist(), dataset.dtype
    alike = f"torch.{dtype}" == str(view.dtype) and dtype.isnative and dataset.shape == view.shape
    plain = plan.get_layout() == h5py.h5d.CONTIGUOUS and not plan.get_nfilters()
    if not alike or not plain or dataset.id.get_storage_size() != view.nbytes:
        return None
    start: int | None = dataset.id.get_offset()
    return start


def read(dataset: "h5py.Dataset") -> _Array:
    """Return the values of a dataset that `Datasets.dataset` has looked at.

    Args:
        dataset: The dataset.
    """
    values = np.asarray(dataset[()])
    if values.dtype.kind in "biufc":
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    bits = values.view(np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32)
