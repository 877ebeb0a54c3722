"""Writing values into HDF5 files, each once and without a second copy of it in memory."""

import io
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from torchkeras._base.atomic import write_all

from .pieces import host_view, is_large, read_pieces

if TYPE_CHECKING:
    import h5py


@contextmanager
def created(place: Any) -> "Iterator[h5py.File]":
    """Open a new file for writing.

    Args:
        place: Its path, or the file, open for reading and writing.
    """
    import h5py

    if hasattr(place, "write"):
        with h5py.File(place, "w") as file:
            yield file
        return
    # HDF5 by itself would let no other thread prepare what is written next.
    with _WholeWrites(place, "w+") as opened:
        try:
            with h5py.File(opened, "w") as file:
                yield file
        except Exception as error:
            if opened.failure is not None and error is not opened.failure:
                raise opened.failure from error
            raise


_write = io.FileIO.write


class _WholeWrites(io.FileIO):
    """A file without a buffer that writes all it is given, and keeps the error that stops it.

    HDF5 takes no notice of a write that the disk cut short, and may tell of an error as any other.
    """

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            write_all(partial(_write, self), data)
        except OSError as error:
            self.failure = error
            raise
        return memoryview(data).nbytes


def put(group: "h5py.Group", name: str, value: Any) -> None:
    """Write a value as a dataset.

    Args:
        group: The group to write it into.
        name: Its name there.
        value: A variable, tensor, array or number.
    """
    view = host_view(value)
    if not isinstance(view, Tensor):
        group.create_dataset(name, data=np.asarray(view))
    elif view.is_contiguous() or not is_large(view):
        group.create_dataset(name, data=view.contiguous().numpy())
    else:
        dataset = group.create_dataset(name, shape=view.shape, dtype=view[:0].numpy().dtype)
        for rows, piece in read_pieces(view):
            dataset.write_direct(piece, dest_sel=rows)


class Store(MutableMapping[str, Any]):
    """A group that `save_own_variables` fills.

    Args:
        group: The group, which is empty.
    """

    def __init__(self, group: "h5py.Group") -> None:
        self._group = group

    def __setitem__(self, name: str, value: Any) -> None:
        put(self._group, name, value)

    def __getitem__(self, name: str) -> "np.ndarray[Any, Any]":
        return np.asarray(self._group[name])

    def __delitem__(self, name: str) -> None:
        del self._group[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._group)

    def __len__(self) -> int:
        return len(self._group)
