"""A member of a zip archive that is written in any order, where it stays: in the archive itself."""

import io
import os
import time
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import IO, Any

from .window import Window

_PIECE, _LARGE = 1 << 20, 1 << 16
_POLYNOMIAL, _ONE = 0xEDB88320, 1 << 31  # of CRC-32, lowest power in the highest bit


@contextmanager
def written(archive: zipfile.ZipFile, name: str) -> Iterator[io.RawIOBase]:
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
    part = _Part(file, file.tell())
    yield part
    member.file_size = member.compress_size = part.size
    member.CRC = part.checksum()
    file.seek(member.header_offset)
    file.write(member.FileHeader(zip64=True))
    archive.start_dir = part.start + part.size
    file.seek(archive.start_dir)
    archive.filelist.append(member)
    archive.NameToInfo[name] = member


def checksum_of(file: IO[bytes], start: int, size: int) -> int:
    """Return the CRC-32 of a part of a file, of which threads sum up a half each.

    Args:
        file: A file of the operating system, open for reading.
        start: Where the part begins.
        size: How many bytes it has.
    """
    half = size // 2
    if not hasattr(os, "pread"):  # where only one at a time can read
        return _checksum(partial(_read_at, file), start, size)
    read = partial(_read_beside, file.fileno())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_checksum, read, start, half)
        second = pool.submit(_checksum, read, start + half, size - half)
        return _joined(first.result(), second.result(), size - half)


def _read_beside(descriptor: int, at: int, count: int) -> bytes:
    return os.pread(descriptor, count, at)


def _read_at(file: IO[bytes], at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _checksum(read: Callable[[int, int], bytes], start: int, size: int) -> int:
    total, at, end = 0, start, start + size
    while at < end and (piece := read(at, min(_PIECE, end - at))):
        total = zlib.crc32(piece, total)
        at += len(piece)
    return total


class _Part(Window):
    """The end of a file, as a file; what is written is summed up on its way."""

    def __init__(self, file: IO[bytes], start: int) -> None:
        super().__init__(file, start, 0)
        self._sums = _Sums()

    def writable(self) -> bool:
        return True

    def write(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        self._file.seek(self.start + self._at)
        self._file.write(view)
        self._sums.note(self._at, view)
        self._at += len(view)
        self.size = max(self.size, self._at)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        self.size = self._at if size is None else size
        self._file.flush()
        self._file.truncate(self.start + self.size)
        self._sums.cut(self.size)
        return self.size

    def checksum(self) -> int:
        """Return the CRC-32 of all; only what was written in small parts is read again."""
        total, at = 0, 0
        for start, end, checksum in self._sums.parts():
            total = self._summed(total, at, start)
            total = _joined(total, checksum, end - start)
            at = end
        return self._summed(total, at, self.size)

    def _summed(self, total: int, at: int, end: int) -> int:
        self._file.seek(self.start + at)
        while at < end:
            piece = self._file.read(min(_PIECE, end - at))
            total = zlib.crc32(piece, total)
            at += len(piece)
        return total


class _Sums:
    """The checksums of parts that were written as a whole, by place."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._found: dict[int, tuple[int, int]] = {}

    def note(self, start: int, view: memoryview) -> None:
        """Take note of a part, in place of what was there."""
        end = start + len(view)
        self._forget(start, end)
        if len(view) >= _LARGE:
            self._starts.insert(bisect_left(self._starts, start), start)
            self._found[start] = (end, zlib.crc32(view))

    def cut(self, size: int) -> None:
        """Forget what lies behind a new end."""
        self._forget(size, size + (1 << 62))

    def parts(self) -> Iterator[tuple[int, int, int]]:
        """Yield begin, end and checksum of each part, by place."""
        for start in self._starts:
            yield (start, *self._found[start])

    def _forget(self, start: int, end: int) -> None:
        first = bisect_right(self._starts, start)
        first -= bool(first) and self._found[self._starts[first - 1]][0] > start
        last = bisect_left(self._starts, end)
        for old in self._starts[first:last]:
            del self._found[old]
        del self._starts[first:last]


def _joined(first: int, second: int, length: int) -> int:
    """Return the CRC-32 of two parts, one behind the other, from theirs: x^(8 length) a + b."""
    power, factor = _ONE, _ONE >> 8  # 1 and x^8
    while length:
        if length & 1:
            power = _multiplied(power, factor)
        factor = _multiplied(factor, factor)
        length >>= 1
    return _multiplied(power, first) ^ second


def _multiplied(a: int, b: int) -> int:
    """Return the product of two polynomials over two numbers, modulo that of CRC-32."""
    product, bit = 0, _ONE
    while bit:
        if a & bit:
            product ^= b
        b = (b >> 1) ^ (_POLYNOMIAL if b & 1 else 0)
        bit >>= 1
    return product
