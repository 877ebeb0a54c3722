"""Members of a zip archive that are read and written in any order, where they are."""

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from .checksum import Sums
from .window import Window, WritableWindow


@contextmanager
def written(archive: zipfile.ZipFile, name: str) -> Iterator[WritableWindow]:
    """Open a new member for writing and reading at any place.

    Nothing else may be written into the archive meanwhile.

    Args:
        archive: An archive that is open for writing, with a member in it already.
        name: The name of the member.
    """
    file = archive.fp
    assert file is not None
    member = zipfile.ZipInfo(name, time.localtime()[:6])
    member.external_attr = 0o600 << 16
    member.header_offset, member.CRC = archive.start_dir, 0
    file.seek(archive.start_dir)
    file.write(member.FileHeader(zip64=True))
    file.flush()
    with _Part(file, file.tell()) as part:
        yield part
        member.file_size = member.compress_size = part.size
        member.CRC = part.checksum()
    file.seek(member.header_offset)
    file.write(member.FileHeader(zip64=True))
    archive.start_dir = part.start + part.size
    file.seek(archive.start_dir)
    archive.filelist.append(member)
    archive.NameToInfo[name] = member


class _Part(WritableWindow):
    """The end of an archive; what is written is summed up on its way."""

    def __init__(self, file: IO[bytes], start: int) -> None:
        super().__init__(file, start)
        self._sums = Sums()

    def write_at(self, at: int, buffer: Any) -> None:
        super().write_at(at, buffer)
        self._sums.note(at, memoryview(buffer).cast("B"))

    def truncate(self, size: int | None = None) -> int:
        cut = super().truncate(size)
        self._sums.cut(cut)
        return cut

    def checksum(self) -> int:
        """Return the CRC-32 of all; only what was written in small parts is read again."""
        return self._sums.of_all(self.read_at, self.size)


class Summed(Window):
    """A member that is summed up while it is read.

    Args:
        file: The archive.
        start: Where the member begins.
        size: How many bytes it has.
    """

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        super().__init__(file, start, size)
        self._sums = Sums()

    def read_at(self, at: int, buffer: Any) -> None:
        super().read_at(at, buffer)
        self._sums.note(at, memoryview(buffer).cast("B"))

    def checksum(self) -> int:
        """Return the CRC-32 of all; what was read in large parts is not read again."""
        return self._sums.of_all(super().read_at, self.size)


def as_file(window: Window) -> io.BufferedReader:
    """Return a part of a file with a buffer for small reads; its `raw` is the part itself."""
    return io.BufferedReader(window)
