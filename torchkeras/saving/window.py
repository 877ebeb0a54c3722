"""A part of a file, as a file."""

import io
import os
from typing import IO, Any


class Window(io.RawIOBase):
    """A part of a file, to be read at any place.

    Args:
        file: The file.
        start: Where the part begins.
        size: How many bytes it has.
    """

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self.start, self.size = start, size
        self._file, self._at = file, 0

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
        self._file.seek(self.start + self._at)
        count = int(self._file.readinto(view[:wanted]))  # type: ignore[attr-defined]
        self._at += count
        return count
