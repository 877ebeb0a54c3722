"""Texts as lists of word numbers: shifted, cut down to a vocabulary, marked at their begin."""

from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class WordRules:
    """What Keras's loaders of texts do to the word numbers.

    Attributes:
        num_words: Numbers from here on are left out; the largest one there is, if `None` or 0.
        skip_top: Numbers below are left out.
        maxlen: Texts that are not shorter than this are dropped.
        start_char: What a text begins with, or `None`.
        oov_char: What stands for what was left out, or `None` for nothing.
        index_from: What is added to each number.
    """

    num_words: int | None
    skip_top: int
    maxlen: int | None
    start_char: int | None
    oov_char: int | None
    index_from: int

    def shift(self, rows: NDArray[Any]) -> "Rows":
        """Return the rows with their numbers shifted and their begins marked."""
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        words = np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum()))
        if self.start_char is None:
            return Rows(words + (self.index_from or 0), lengths)
        begins = np.cumsum(lengths) - lengths
        return Rows(np.insert(words + self.index_from, begins, self.start_char), lengths + 1)

    def are_short(self, rows: "Rows") -> NDArray[np.bool_]:
        """Say of each row whether it is kept."""
        if not self.maxlen:
            return np.ones(len(rows.lengths), bool)
        return rows.lengths < self.maxlen

    def limit(self, *parts: "Rows") -> int:
        """Return the number from which on words are left out."""
        if self.num_words:
            return self.num_words
        largest = [int(part.words.max()) for part in parts if len(part.words)]
        if not largest:
            raise ValueError(
                f"No word is left after texts of `maxlen={self.maxlen}` words and more were "
                "dropped. Increase maxlen."
            )
        return max(largest)

    def cut(self, rows: "Rows", limit: int) -> NDArray[Any]:
        """Return an array of lists, or of two axes if all have one length, as Keras does."""
        keeps = (rows.words >= self.skip_top) & (rows.words < limit)
        if self.oov_char is not None:
            kept = Rows(np.where(keeps, rows.words, self.oov_char), rows.lengths)
        else:
            ends = np.cumsum(rows.lengths)
            total = np.concatenate([[0], np.cumsum(keeps)])
            kept = Rows(rows.words[keeps], total[ends] - total[ends - rows.lengths])
        return np.array(kept.lists(), dtype="object")


@dataclass(frozen=True, slots=True)
class Rows:
    """Lists of numbers, one behind the other, and how long each is."""

    words: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def where(self, keeps: NDArray[np.bool_]) -> "Rows":
        """Return some of the rows."""
        if keeps.all():
            return self
        return Rows(self.words[np.repeat(keeps, self.lengths)], self.lengths[keeps])

    def lists(self) -> list[list[int]]:
        """Return the rows as lists."""
        words = self.words.tolist()
        ends = accumulate(self.lengths.tolist(), initial=0)
        return [words[begin:end] for begin, end in pairwise(ends)]
