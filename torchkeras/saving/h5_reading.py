"""Reading HDF5 files that strangers wrote: nothing outside the file, nothing out of proportion."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from torchkeras._base.damage import raised_by

from .pieces import is_large, storage, write_pieces

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
        place: Its path, or the file, open for reading.
        name: Its name, for errors.

    Raises:
        ValueError: If it is no HDF5 file, or HDF5 stumbles over it later.
    """
    import h5py

    try:
        file = h5py.File(place, "r")
    except OSError as error:
        raise ValueError(f"{name!r} is no whole HDF5 file: {error}") from error
    try:
        with file:
            yield file
    except Exception as error:
        if not raised_by(error, "h5py"):
            raise
        raise ValueError(f"{name!r} is damaged: {error}") from error


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
        if part not in found:
            return None
        found = _step(found, part)
        if not isinstance(found, h5py.Group):
            raise ValueError(f"{path!r} should be a group in {file.file.filename!r}, and is none.")
    return found


def _step(group: "h5py.Group", name: str) -> Any:
    import h5py

    link = group.get(name, getclass=True, getlink=True)
    if link is not h5py.HardLink:
        raise ValueError(
            f"Refused {group.name.rstrip('/')}/{name} in {group.file.filename!r}: it is a link "
            f"({getattr(link, '__name__', link)}), which could lead anywhere."
        )
    return group[name]


class Datasets(Mapping[str, _Array]):
    """The arrays in a group, which are read when they are asked for; empty without a group."""

    def __init__(self, group: "h5py.Group | None") -> None:
        self._group, self._read = group, 0

    def dataset(self, name: str) -> "h5py.Dataset":
        """Return a dataset after looking at what reading it would mean, but unread."""
        if self._group is None or name not in self._group:
            raise KeyError(name)
        found = _step(self._group, name)
        _check(found)
        return found

    def __getitem__(self, name: str) -> _Array:
        dataset = self.dataset(name)
        declared, stored = dataset.size * dataset.dtype.itemsize, dataset.id.get_storage_size()
        if declared > _PACKED_BYTES and declared > _PACKED_RATIO * stored:
            raise ValueError(
                f"Refused {dataset.name}: it claims {declared} bytes, of which the file holds "
                f"{stored}."
            )
        self._count(dataset, declared)
        return read(dataset)

    def _count(self, dataset: "h5py.Dataset", declared: int) -> None:
        """Raise if all that was read is far more than the file has, each array being small."""
        self._read += declared
        size = dataset.file.id.get_filesize()
        if self._read > _PACKED_BYTES and self._read > _TOGETHER_RATIO * size:
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

    reason = None
    if not isinstance(dataset, h5py.Dataset):
        reason = "it is no array"
    elif dataset.external:
        reason = "its values lie in other files"
    elif dataset.is_virtual:
        reason = "it is put together from other files"
    elif dataset.shape is None or not (dataset.dtype.kind in "biufc" or _is_bfloat16(dataset)):
        reason = f"it holds no numbers, but {dataset.dtype}"
    else:
        reason = _filter_problem(dataset)
    if reason:
        raise ValueError(f"Refused {dataset.name} in {dataset.file.filename!r}: {reason}.")


def _filter_problem(dataset: "h5py.Dataset") -> str | None:
    plan = dataset.id.get_create_plist()
    codes = [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]
    unknown = [code for code in codes if code not in _FILTERS]
    if unknown:
        return f"it is packed with filters {unknown}, which only plugins can read"
    chunk = int(np.prod(dataset.chunks or (0,), dtype=np.float64)) * dataset.dtype.itemsize
    if chunk > dataset.size * dataset.dtype.itemsize + _CHUNK_BYTES:
        return f"it is stored in pieces of {chunk} bytes, far more than the array has"
    return None


def _is_bfloat16(dataset: "h5py.Dataset") -> bool:
    return dataset.dtype.itemsize == 2 and dataset.attrs.get("dtype") == "bfloat16"


def fill(target: Any, dataset: "h5py.Dataset") -> None:
    """Give a variable the values of a dataset that `Datasets.dataset` has looked at.

    Args:
        target: A variable of the dataset's shape, or what has `assign` as it has.
        dataset: The dataset.
    """
    view = storage(target)
    fits = view is not None and dataset.chunks is None and is_large(view)
    if view is None or not fits or f"torch.{dataset.dtype}" != str(view.dtype):
        target.assign(read(dataset))
    else:
        write_pieces(view, lambda rows, array: dataset.read_direct(array, source_sel=rows))


def read(dataset: "h5py.Dataset") -> _Array:
    """Return the values of a dataset that `Datasets.dataset` has looked at.

    Args:
        dataset: The dataset.
    """
    values = np.asarray(dataset[()])
    if dataset.dtype.kind in "biufc":
        return values
    bits = values.view(np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32)
