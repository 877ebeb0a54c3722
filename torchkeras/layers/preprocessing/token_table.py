"""Numbers for words and for characters, a batch at a time."""

from itertools import repeat

import numpy as np

from .key_table import Integers, KeyTable, Sparse, Words
from .token_batch import CharacterBatch, WordBatch

# A word of up to 23 bytes is three machine words: seven bytes and its length, eight, and eight.
_LIMITS = (7, 15, 23)
_LENGTH_AT = 56
_LONG = 0xFE  # stands for the length of longer words, which a dictionary numbers
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)
_FIRST_MASKS = _MASKS[:8]


class WordTable:
    """Gives each word a number."""

    def __init__(self) -> None:
        self._keys = KeyTable(len(_LIMITS))
        self._long: dict[bytes, int] = {}

    def __len__(self) -> int:
        return self._keys.count

    def find(self, batch: WordBatch) -> Integers:
        """Return the numbers of words, -1 for those that are not there.

        Args:
            batch: The words.
        """
        return self._keys.find(*self._columns(batch, is_new=False))

    def add(self, batch: WordBatch) -> Integers:
        """Return the numbers of words; new ones get the next.

        Args:
            batch: The words.
        """
        return self._keys.add(*self._columns(batch, is_new=True))

    def spelled(self, numbers: Integers) -> list[bytes]:
        """Return words.

        Args:
            numbers: Their numbers.
        """
        columns = [self._keys.column(index)[numbers] for index in range(len(_LIMITS))]
        sizes = (columns[0] >> np.uint64(_LENGTH_AT)).tolist()
        packed = np.stack(columns, axis=1).astype("<u8").view(np.uint8)
        raw, width = np.delete(packed, 7, axis=1).tobytes(), _LIMITS[-1]
        found = [
            raw[at : at + size] for at, size in zip(range(0, len(raw), width), sizes, strict=True)
        ]
        if _LONG in sizes:
            long = list(self._long)
            for at in np.flatnonzero(np.array(sizes) == _LONG):
                found[at] = long[int(columns[0][at] & _FIRST_MASKS[7])]
        return found

    def _columns(self, batch: WordBatch, is_new: bool) -> tuple[Words, *tuple[Sparse, ...]]:
        """Return the machine words of each word, the second and third where it is long enough."""
        starts, sizes = batch.starts, batch.sizes
        shape = (len(batch.raw) - 7,)
        windows = np.ndarray(shape, dtype="<u8", buffer=batch.raw, strides=(1,))
        first = windows[starts] & _FIRST_MASKS.take(sizes, mode="clip")
        first |= sizes.view(np.uint64) << np.uint64(_LENGTH_AT)
        others, where = [], np.arange(0)
        for index, limit in enumerate(_LIMITS[:-1]):
            where = where[sizes[where] > limit] if index else np.flatnonzero(sizes > limit)
            masks = _MASKS.take(sizes[where] - limit, mode="clip")
            others.append((where, windows[starts[where] + limit] & masks))
        where = where[sizes[where] > _LIMITS[-1]]
        if len(where):
            self._shorten(batch, first, others, where, is_new)
        return first, *others

    def _shorten(
        self, batch: WordBatch, first: Words, others: list[Sparse], where: Integers, is_new: bool
    ) -> None:
        """Put the numbers of long words in the place of their bytes."""
        raw, long = batch.raw, self._long
        starts, sizes = batch.starts[where], batch.sizes[where]
        ends = (starts + sizes).tolist()
        spelled = [raw[start:end] for start, end in zip(starts.tolist(), ends, strict=True)]
        if is_new:
            numbers = [long.setdefault(word, len(long)) for word in spelled]
        else:
            numbers = list(map(long.get, spelled, repeat(len(long))))
        first[where] = np.array(numbers, dtype=np.uint64) | np.uint64(_LONG << _LENGTH_AT)
        for places, words in others:
            words[batch.sizes[places] > _LIMITS[-1]] = 0


class CharacterTable:
    """Gives each character a number."""

    def __init__(self) -> None:
        self._keys = KeyTable()

    def __len__(self) -> int:
        return self._keys.count

    def find(self, batch: CharacterBatch) -> Integers:
        """Return the numbers of characters, -1 for those that are not there.

        Args:
            batch: The characters.
        """
        return self._keys.find(batch.codes.astype(np.uint64))

    def add(self, batch: CharacterBatch) -> Integers:
        """Return the numbers of characters; new ones get the next.

        Args:
            batch: The characters.
        """
        return self._keys.add(batch.codes.astype(np.uint64))

    def spelled(self, numbers: Integers) -> list[bytes]:
        """Return characters.

        Args:
            numbers: Their numbers.
        """
        return [chr(code).encode() for code in self._keys.column(0)[numbers].tolist()]
