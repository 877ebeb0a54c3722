"""Writing values into HDF5 files, each once and without a second copy of it in memory."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from torchkeras._state.variable import Variable

from .pieces import Movers, host_view, is_large
from .window import WritableWindow

if TYPE_CHECKING:
    import h5py


@contextmanager
def created(place: Any) -> "Iterator[Writer]":
    """Open a new file for writing.

    Args:
        place: Its path, or a part of a file, open for reading and writing.
    """
    if isinstance(place, WritableWindow):
        with _created(place) as writer:
            yield writer
        return
    with (
        open(place, "w+b", buffering=0) as opened,
        WritableWindow(opened) as window,
        _created(window) as writer,
    ):
        yield writer


@contextmanager
def created_in_memory() -> "Iterator[Writer]":
    """Make a new small file that is not written anywhere; `image` returns its bytes."""
    import h5py

    with h5py.File("weights", "w", driver="core", backing_store=False) as file, Movers() as movers:
        yield Writer(file, None, movers)


@contextmanager
def _created(window: WritableWindow) -> "Iterator[Writer]":
    import h5py

    try:
        with h5py.File(window, "w") as file, Movers() as movers:
            yield Writer(file, window, movers)
    except Exception as error:
        if window.failure is not None and error is not window.failure:
            raise window.failure from error
        raise


class Writer:
    """An HDF5 file that is being written: HDF5 lays it out, large values go past it to their place.

    Args:
        file: The file, as HDF5 sees it.
        window: What it lies in, if not in memory.
        movers: The threads that move large values.
    """

    def __init__(self, file: "h5py.File", window: WritableWindow | None, movers: Movers) -> None:
        self.file, self._window, self._movers = file, window, movers

    def image(self) -> bytes:
        """Return all bytes of the file."""
        self.wait()
        self.file.flush()
        return bytes(self.file.id.get_file_image())

    def put(self, group: "h5py.Group", name: str, value: Any) -> None:
        """Write a value as a dataset.

        Args:
            group: The group to write it into.
            name: Its name there.
            value: A variable, which stays as it is until the file is closed; or a tensor, array or
                number.
        """
        view, window = host_view(value), self._window
        if not isinstance(view, Tensor):
            _make(group, name, np.asarray(view))
        elif window is None or not is_large(view):
            _make(group, name, view.contiguous().numpy())
        else:
            start = _reserve(group, name, view)
            self._movers.send(view, lambda at, part: window.write_at(start + at, part))
            if not isinstance(value, Variable):
                self.wait()

    def wait(self) -> None:
        """Wait until all that was put has been written."""
        self._movers.wait()


def _make(group: "h5py.Group", name: str, values: "np.ndarray[Any, Any]") -> None:
    """Make a dataset; numbers do without h5py's guesses, which cost more than HDF5."""
    from h5py import h5d, h5p, h5s, h5t

    if values.dtype.kind not in "iuf" or "/" in name or not values.dtype.isnative:
        group.create_dataset(name, data=values)
        return
    space = h5s.create_simple(values.shape) if values.ndim else h5s.create(h5s.SCALAR)
    plan = h5p.create(h5p.DATASET_CREATE)
    plan.set_obj_track_times(False)
    dtype = h5t.py_create(values.dtype, logical=1)
    dataset = h5d.create(group.id, name.encode(), dtype, space, plan)
    dataset.write(h5s.ALL, h5s.ALL, np.ascontiguousarray(values).reshape(values.shape))


def _reserve(group: "h5py.Group", name: str, view: Tensor) -> int:
    """Make a dataset whose values are still to be written, and return where they belong."""
    import h5py

    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    dataset = group.create_dataset(name, shape=view.shape, dtype=view.numpy().dtype, dcpl=plan)
    return int(dataset.id.get_offset())


class Store(MutableMapping[str, Any]):
    """A group that `save_own_variables` fills.

    Args:
        writer: The file.
        group: The group, which is empty.
    """

    def __init__(self, writer: Writer, group: "h5py.Group") -> None:
        self._writer, self._group = writer, group

    def __setitem__(self, name: str, value: Any) -> None:
        self._writer.put(self._group, name, value)

    def __getitem__(self, name: str) -> "np.ndarray[Any, Any]":
        self._writer.wait()
        return np.asarray(self._group[name])

    def __delitem__(self, name: str) -> None:
        del self._group[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._group)

    def __len__(self) -> int:
        return len(self._group)
