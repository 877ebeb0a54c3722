"""CRC-32, the checksum of zip archives, of parts that are summed up in any order."""

import functools
import threading
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

Read = Callable[[int, memoryview], None]  # fills a buffer from a place

_PIECE, _LARGE = 1 << 20, 1 << 16
_POLYNOMIAL, _ONE = 0xEDB88320, 1 << 31  # of CRC-32, lowest power in the highest bit


def checksum_of(read: Read, start: int, end: int, before: int = 0) -> int:
    """Return the CRC-32 of a part of a file, of which threads sum up a half each.

    Args:
        read: Fills a buffer from a place, in any thread.
        start: Where the part begins.
        end: Where it ends.
        before: The CRC-32 of what lies before the part and counts as well.
    """
    if end - start < 2 * _PIECE:
        return _checksum(read, start, end, before)
    middle = (start + end) // 2
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(_checksum, read, start, middle, before)
        second = _checksum(read, middle, end, 0)
        return joined(first.result(), second, end - middle)


def _checksum(read: Read, start: int, end: int, total: int) -> int:
    buffer = memoryview(bytearray(min(_PIECE, end - start)))
    for at in range(start, end, _PIECE):
        piece = buffer[: end - at]
        read(at, piece)
        total = zlib.crc32(piece, total)
    return total


class Sums:
    """The checksums of parts that went by as a whole, by place."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._found: dict[int, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def note(self, start: int, view: memoryview) -> None:
        """Take note of a part, in place of what was there; of small ones, that they are new.

        Args:
            start: Where it begins.
            view: Its bytes.
        """
        end, is_large = start + len(view), len(view) >= _LARGE
        total = zlib.crc32(view) if is_large else 0
        with self._lock:
            self._forget(start, end)
            if is_large:
                self._starts.insert(bisect_left(self._starts, start), start)
                self._found[start] = (end, total)

    def cut(self, size: int) -> None:
        """Forget what lies behind a new end."""
        with self._lock:
            self._forget(size, size + (1 << 62))

    def of_all(self, read: Read, size: int) -> int:
        """Return the checksum of all; only what no large part covers is read for it.

        Args:
            read: Fills a buffer from a place, in any thread.
            size: The number of all bytes.
        """
        total, at = 0, 0
        for start, end, checksum in self._parts():
            total = joined(checksum_of(read, at, start, total), checksum, end - start)
            at = end
        return checksum_of(read, at, size, total)

    def _parts(self) -> Iterator[tuple[int, int, int]]:
        for start in self._starts:
            yield (start, *self._found[start])

    def _forget(self, start: int, end: int) -> None:
        first = bisect_right(self._starts, start)
        first -= bool(first) and self._found[self._starts[first - 1]][0] > start
        last = bisect_left(self._starts, end)
        for old in self._starts[first:last]:
            del self._found[old]
        del self._starts[first:last]


def joined(first: int, second: int, length: int) -> int:
    """Return the CRC-32 of two parts, one behind the other: x^(8 length) a + b.

    Args:
        first: That of the first.
        second: That of the second.
        length: The number of bytes of the second.
    """
    return _multiplied(_power(length), first) ^ second if first else second


@functools.lru_cache(64)  # most parts have one length
def _power(length: int) -> int:
    power, factor = _ONE, _ONE >> 8  # 1 and x^8
    while length:
        if length & 1:
            power = _multiplied(power, factor)
        factor = _multiplied(factor, factor)
        length >>= 1
    return power


def _multiplied(a: int, b: int) -> int:
    """Return the product of two polynomials over two numbers, modulo that of CRC-32."""
    product, bit = 0, _ONE
    while bit:
        if a & bit:
            product ^= b
        b = (b >> 1) ^ (_POLYNOMIAL if b & 1 else 0)
        bit >>= 1
    return product
