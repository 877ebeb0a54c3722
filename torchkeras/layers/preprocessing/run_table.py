"""Runs of tokens as a tree of numbers, so that no text is put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .key_table import NONE, Integers, KeyTable, Words
from .token_batch import CharacterBatch, Text, WordBatch
from .token_table import CharacterTable, WordTable

_HALF = np.uint64(32)
_LOWER_HALF = np.uint64((1 << 32) - 1)


@dataclass(frozen=True)
class Part:
    """Numbers of the runs of one width in all rows.

    Attributes:
        numbers: The numbers.
        lengths: How many belong to each row.
    """

    numbers: Integers
    lengths: Integers


def spread(firsts: Integers, lengths: Integers) -> Integers:
    """Return the numbers from `first` to `first + length - 1`, for each row.

    Args:
        firsts: The first of each row.
        lengths: How many each row has.
    """
    return np.arange(int(lengths.sum())) + np.repeat(firsts - np.cumsum(lengths) + lengths, lengths)


class RunTable:
    """Gives each token, and each run of tokens, a number: one for every width.

    A run is a shorter run and one token more.

    Args:
        by_character: Whether tokens are characters rather than words.
        widths: The lengths of runs; `None` for tokens alone, which may then hold spaces.
    """

    def __init__(self, by_character: bool, widths: Sequence[int] | None) -> None:
        self.widths = tuple(widths or (1,))
        self._spell = _characters if by_character else (_words if widths else _itself)
        self._batch: Any = CharacterBatch if by_character else WordBatch
        self._tokens: Any = CharacterTable() if by_character else WordTable()
        self._levels = [KeyTable() for _ in range(max(self.widths) - 1)]

    def size(self, width: int) -> int:
        """Return how many runs of a width there are.

        Args:
            width: The width.
        """
        return len(self._tokens) if width == 1 else self._levels[width - 2].count

    def run_of(self, token: bytes) -> Sequence[Text]:
        """Return the tokens of a run that is written as one; none if no text has such a run.

        Args:
            token: The tokens, joined by spaces.
        """
        return self._spell(token)

    def split(self, texts: Sequence[Text], standardize: str | None) -> Any:
        """Return the tokens of texts.

        Args:
            texts: The texts.
            standardize: How their letters change.
        """
        return self._batch.split(texts, standardize)

    def find(self, batch: Any) -> list[Part]:
        """Return the numbers of the runs of each width, -1 for those that are not there.

        Args:
            batch: What `split` returned.
        """
        return self._walk(batch, self._tokens.find(batch), KeyTable.find)

    def add(self, batch: Any) -> list[Part]:
        """Return the numbers of the runs of each width; new ones get the next.

        Args:
            batch: What `split` returned.
        """
        return self._walk(batch, self._tokens.add(batch), KeyTable.add)

    def _walk(self, batch: Any, tokens: Integers, number: Any) -> list[Part]:
        lengths = batch.lengths
        firsts = np.cumsum(lengths) - lengths
        found, shorter = {1: Part(tokens, lengths)}, tokens
        for width, level in enumerate(self._levels, start=2):
            kept = np.maximum(lengths - (width - 1), 0)
            places = spread(firsts, kept)
            numbers = number(level, _keys(shorter[places], tokens[places + width - 1]))
            found[width] = Part(numbers, kept)
            if width < len(self._levels) + 1:
                shorter = np.full(len(tokens), NONE)
                shorter[places] = numbers
        return [found[width] for width in self.widths]

    def place(self, runs: Sequence[Sequence[Text]], width: int) -> Integers:
        """Add runs of one width, and return their numbers.

        Args:
            runs: The tokens of each run.
            width: How many each has.
        """
        batch = self._batch.listed([token for run in runs for token in run], [width] * len(runs))
        tokens = self._tokens.add(batch).reshape(-1, width)
        numbers: Integers = tokens[:, 0]
        for index in range(1, width):
            numbers = self._levels[index - 1].add(_keys(numbers, tokens[:, index]))
        return numbers

    def parts(self, numbers: Integers, width: int) -> Integers:
        """Return the numbers of the tokens of runs, of shape `(runs, width)`.

        Args:
            numbers: The numbers of the runs.
            width: How many tokens each has.
        """
        found = np.empty((len(numbers), width), dtype=np.int64)
        for index in range(width - 1, 0, -1):
            keys = self._levels[index - 1].column(0)[numbers]
            found[:, index] = keys & _LOWER_HALF
            numbers = (keys >> _HALF).view(np.int64)
        found[:, 0] = numbers
        return found

    def spelled(self, tokens: Integers) -> list[bytes]:
        """Return tokens.

        Args:
            tokens: Their numbers.
        """
        words: list[bytes] = self._tokens.spelled(tokens)
        return words


def _itself(token: bytes) -> Sequence[Text]:
    return [token]


def _words(token: bytes) -> Sequence[Text]:
    words = token.split(b" ")
    return words if all(word.split() == [word] for word in words) else ()


def _characters(token: bytes) -> Sequence[Text]:
    text = token.decode("utf-8", "ignore")
    is_run = text.encode() == token and not text[1::2].strip(" ")
    return text[::2] if is_run and len(text) % 2 else ()


def _keys(left: Integers, right: Integers) -> Words:
    """Return pairs of numbers as keys; -1 is in no key of a table."""
    return (left.astype(np.uint64) << _HALF) | (right.astype(np.uint64) & _LOWER_HALF)
