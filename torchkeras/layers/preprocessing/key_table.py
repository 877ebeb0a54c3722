"""`KeyTable`: numbers for keys of a few machine words, found and added all at once."""

import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np

Integers = np.ndarray[Any, np.dtype[np.int64]]
Words = np.ndarray[Any, np.dtype[np.uint64]]

Sparse = tuple[Integers, Words]

NONE = -1
_SLOTS = 1 << 10
_BLOCK = 1 << 13  # keys that are added at a time: most of the next block are known then
_SPARSE, _GROWTH = 4, 8  # at least so many slots for each key; so many more when they grow


class KeyTable:
    """A hash table of NumPy arrays: keys get the numbers 0, 1, 2, ...

    The hash (sums of products with odd factors, their upper bits) is drawn anew for each table, so
    that nobody can write texts whose words all collide.

    Attributes:
        count: The number of keys.

    Args:
        width: How many machine words a key has; missing ones are 0.
    """

    def __init__(self, width: int = 1) -> None:
        self.count = 0
        self._factors = [np.uint64(secrets.randbits(64) | 1) for _ in range(width)]
        self._columns = [np.zeros(_SLOTS, dtype=np.uint64) for _ in range(width)]
        self._resize(_SLOTS)

    def column(self, index: int) -> Words:
        """Return one machine word of each key.

        Args:
            index: Which word.
        """
        return self._columns[index][: self.count]

    def find(self, first: Words, *others: Sparse) -> Integers:
        """Return the numbers of keys, -1 for those that are not there.

        Args:
            first: The first machine word of each key.
            *others: For the second, third, ... where it is not 0, and what it is there.
        """
        hashes = first * self._factors[0]
        for (where, words), factor in zip(others, self._factors[1:], strict=False):
            hashes[where] += words * factor
        places = self._reduced(hashes)
        found = self._slots[places]
        differs = self._columns[0][found] != first
        for (where, words), own in zip(others, self._columns[1:], strict=False):
            differs[where] |= own[found[where]] != words
        differs &= found >= 0
        rest = np.flatnonzero(differs)
        if len(rest):
            columns = dense(first, *others)
            found[rest] = self._search(places[rest], [column[rest] for column in columns])
        return found

    def _search(self, places: Integers, columns: Sequence[Words]) -> Integers:
        """Return the numbers of keys, from slots on that hold others."""
        found = np.empty_like(places)
        rest = np.arange(len(places))
        while len(rest):
            places[rest] = (places[rest] + 1) & self._last
            found[rest] = self._slots[places[rest]]
            rest = rest[self._differs(found[rest], [column[rest] for column in columns])]
        return found

    def add(self, first: Words, *others: Sparse) -> Integers:
        """Return the numbers of keys; new ones get the next.

        Args:
            first: As for `find`.
            *others: As for `find`.
        """
        columns = dense(first, *others)
        parts = [np.zeros(0, dtype=np.int64)]
        for start in range(0, len(first), _BLOCK):
            block = [column[start : start + _BLOCK] for column in columns]
            places = self._places(block)
            found = self._slots[places]
            rest = np.flatnonzero(self._differs(found, block))
            found[rest] = self._search(places[rest], [column[rest] for column in block])
            new = np.flatnonzero(found < 0)
            if len(new):
                found[new] = self._insert([column[new] for column in block])
            parts.append(found)
        return np.concatenate(parts)

    def _insert(self, columns: Sequence[Words]) -> Integers:
        """Return the numbers of keys that are new, but may repeat."""
        found = np.empty(len(columns[0]), dtype=np.int64)
        if len(found) > len(self._slots):
            self._resize(1 << len(found).bit_length())
        places, rest = self._places(columns), np.arange(len(found))
        while len(rest):
            self._claim(rest[self._slots[places[rest]] < 0], places, columns)
            found[rest] = self._slots[places[rest]]
            rest = rest[self._differs(found[rest], [column[rest] for column in columns])]
            if self.count * _SPARSE > len(self._slots):
                self._resize(len(self._slots) * _GROWTH)
                places = self._places(columns)
            else:
                places[rest] = (places[rest] + 1) & self._last
        return found

    def _claim(self, keys: Integers, places: Integers, columns: Sequence[Words]) -> None:
        """Put keys into free slots; of several that want one slot, the last gets it."""
        wanted = places[keys]
        self._slots[wanted] = keys
        winners = keys[self._slots[wanted] == keys]
        numbers = np.arange(self.count, self.count + len(winners))
        self.count += len(winners)
        if self.count >= len(self._columns[0]):
            self._columns = [_enlarged(column, 2 * self.count) for column in self._columns]
        for own, given in zip(self._columns, columns, strict=False):
            own[numbers] = given[winners]
        self._slots[places[winners]] = numbers

    def _resize(self, size: int) -> None:
        """Make as many slots, a power of two, and put all keys into them again."""
        self._slots: Integers = np.full(size, NONE, dtype=np.int64)
        self._last = size - 1
        self._shift = np.uint64(64 - self._last.bit_length())
        rest = np.arange(self.count)
        places = self._places([column[: self.count] for column in self._columns])
        while len(rest):
            free = rest[self._slots[places[rest]] < 0]
            self._slots[places[free]] = free
            rest = rest[self._slots[places[rest]] != rest]
            places[rest] = (places[rest] + 1) & self._last

    def _places(self, columns: Sequence[Words]) -> Integers:
        """Return the slot at which the search for each key begins."""
        hashes = columns[0] * self._factors[0]
        for column, factor in zip(columns[1:], self._factors[1:], strict=False):
            hashes += column * factor
        return self._reduced(hashes)

    def _reduced(self, hashes: Words) -> Integers:
        return (hashes >> self._shift).view(np.int64)

    def _differs(self, found: Integers, columns: Sequence[Words]) -> "np.ndarray[Any, Any]":
        """Say where a slot holds another key."""
        differs = self._columns[0][found] != columns[0]
        for own, given in zip(self._columns[1:], columns[1:], strict=False):
            differs |= own[found] != given
        differs &= found >= 0
        return differs


def dense(first: Words, *others: Sparse) -> list[Words]:
    """Return machine words of which only those are given that are not 0.

    Args:
        first: The first of each key.
        *others: Where the second, third, ... is not 0, and what it is there.
    """
    columns = [first]
    for where, words in others:
        column = np.zeros(len(first), dtype=np.uint64)
        column[where] = words
        columns.append(column)
    return columns


def _enlarged(column: Words, size: int) -> Words:
    larger = np.zeros(size, dtype=np.uint64)
    larger[: len(column)] = column
    return larger
