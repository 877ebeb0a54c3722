"""A part of a file, as a file; threads may read and write at any place of it at once."""

import io
import os
import threading
from typing import IO, Any

from torchkeras._base.atomic import write_all

from .early_flush import EarlyFlush


class Window(io.RawIOBase):
    """A part of a file, to be read at any place.

    Args:
        file: A file of the operating system.
        start: Where the part begins.
        size: How many bytes it has.
    """

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self.start, self.size = start, size
        self._file, self._at, self._lock = file, 0, threading.Lock()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self.size - self._at))
        count = self._read_some(self._at, view[:wanted])
        self._at += count
        return count

    def read_at(self, at: int, buffer: Any) -> None:
        """Fill a buffer from a place, in any thread.

        Args:
            at: The place.
            buffer: Memory without gaps.

        Raises:
            EOFError: If the part ends before.
        """
        view = memoryview(buffer).cast("B")
        if not 0 <= at <= self.size - len(view):
            raise EOFError(
                f"The file ends too early: of {len(view)} bytes at {at}, it has "
                f"{max(0, self.size - at)}."
            )
        while view:
            count = self._read_some(at, view)
            if not count:
                raise EOFError(f"The file became shorter while it was read: it ends at {at}.")
            at, view = at + count, view[count:]

    def _read_some(self, at: int, view: memoryview) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [view], self.start + at)
        with self._lock:
            self._file.seek(self.start + at)
            return int(self._file.readinto(view))  # type: ignore[attr-defined]


class WritableWindow(Window):
    """The end of a file, to be read and written at any place.

    HDF5 takes no notice of a write that the disk cut short, and may tell of an error as any other:
    what is given is written whole, and the error that stops it is kept. The disk begins with it
    at once; `close` waits for that.

    Args:
        file: A file of the operating system, whose buffer is empty.
        start: Where the part begins.
    """

    def __init__(self, file: IO[bytes], start: int = 0) -> None:
        super().__init__(file, start, 0)
        self._early = EarlyFlush(file)
        self.failure: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        self.write_at(self._at, view)
        self._at += len(view)
        return len(view)

    def write_at(self, at: int, buffer: Any) -> None:
        """Write all of something at a place, in any thread.

        Args:
            at: The place.
            buffer: Memory without gaps.
        """
        view, place = memoryview(buffer).cast("B"), self.start + at

        def write(left: memoryview) -> int:
            return _write_some(self._file, self._lock, place + len(view) - len(left), left)

        try:
            write_all(write, view)
            self._early.note(len(view))
        except OSError as error:
            self.failure = error
            raise
        with self._lock:
            self.size = max(self.size, at + len(view))

    def truncate(self, size: int | None = None) -> int:
        self.size = self._at if size is None else size
        self._file.truncate(self.start + self.size)
        return self.size

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._early.close()


def _write_some(file: IO[bytes], lock: threading.Lock, at: int, view: memoryview) -> int:
    if hasattr(os, "pwrite"):
        return os.pwrite(file.fileno(), view, at)
    with lock:
        file.seek(at)
        count = file.write(view)
        file.flush()
        return count
