"""Texts split and looked up all at once: the words of a batch in one array, row after row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .ngram_table import NgramTable
from .text import Strings
from .tokenizing import translated

_Array = np.ndarray[Any, np.dtype[np.int64]]

# They begin a row, and come in no text that is valid UTF-8.
_BYTE, _CHARACTER = b"\xff", "\udfff"
_MARK = b" " + _BYTE + b" "
_ROW = -3


@dataclass(frozen=True)
class Flat:
    """The numbers of the tokens of all rows.

    Attributes:
        numbers: The numbers.
        owners: The row of each.
        columns: Its place in the row.
        count: The number of rows.
    """

    numbers: _Array
    owners: _Array
    columns: _Array
    count: int

    @classmethod
    def of_rows(cls, numbers: _Array, lengths: "Sequence[int] | _Array") -> "Flat":
        """Return numbers of rows that were looked up one by one.

        Args:
            numbers: The numbers, row after row.
            lengths: How many belong to each row.
        """
        sizes = np.asarray(lengths, dtype=np.int64)
        owners = np.repeat(np.arange(len(sizes)), sizes)
        columns = np.arange(len(numbers)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return cls(numbers, owners, columns, len(sizes))

    def table(self, width: int | None, fill: int) -> _Array:
        """Return rows of one width, cut and filled up.

        Args:
            width: The width; the longest row's if not given.
            fill: What shorter rows are filled up with.
        """
        longest = int(self.columns.max(initial=-1)) + 1
        made = np.full((self.count, longest if width is None else width), fill, dtype=np.int64)
        if width is None or longest <= width:
            made[self.owners, self.columns] = self.numbers
        else:
            kept = self.columns < width
            made[self.owners[kept], self.columns[kept]] = self.numbers[kept]
        return made


class FlatLookup:
    """Looks up the tokens of whole batches.

    Args:
        number_by_token: The number of each token.
        unknown: The number of all others.
        split: "whitespace" or "character".
        widths: The lengths of n-grams, or `None` for tokens alone.
    """

    def __init__(
        self,
        number_by_token: Mapping[Any, int],
        unknown: int,
        split: str,
        widths: Sequence[int] | None,
    ) -> None:
        self._unknown, self._split = unknown, split
        self._ngrams = None
        known: dict[Any, int] = dict(number_by_token)
        if widths is not None:
            self._ngrams = NgramTable(known, unknown, widths)
            known, self._unknown = self._ngrams.words, -1
        if split == "character":
            known = _characters(known)
        self._known = {**known, _BYTE if split == "whitespace" else _CHARACTER: _ROW}

    def look_up(self, texts: Strings, standardize: str | None) -> Flat | None:
        """Return the numbers of the tokens of texts, or `None` where this way is not possible.

        Args:
            texts: The texts, along one axis.
            standardize: How their letters change.
        """
        tokens = self._words(texts, standardize)
        if tokens is None:
            return None
        found = map(self._known.get, tokens, repeat(self._unknown))
        marked = np.fromiter(found, dtype=np.int64, count=len(tokens))
        starts = np.flatnonzero(marked == _ROW)
        lengths = np.diff(starts, append=len(marked)) - 1
        flat = Flat.of_rows(np.delete(marked, starts), lengths)
        return flat if self._ngrams is None else self._in_runs(flat, lengths)

    def _words(self, texts: Strings, standardize: str | None) -> Sequence[Any] | None:
        """Return all tokens, those of each text after a mark."""
        if not len(texts):
            return None
        joined = _MARK.join([b"", *texts.tolist()])
        if joined.count(_BYTE) != len(texts):
            return None
        joined = translated(joined, standardize)
        if self._split == "whitespace":
            return joined.split()
        parts = joined.split(_MARK)[1:]
        decoded = [part.decode("utf-8", "replace") for part in parts]
        return _CHARACTER.join(["", *decoded])

    def _in_runs(self, flat: Flat, lengths: _Array) -> Flat:
        """Return the numbers of runs, for one width after the other in each row."""
        assert self._ngrams is not None
        before = np.zeros_like(lengths)
        parts = []
        for width in self._ngrams.widths:
            starts = np.flatnonzero(flat.columns + width <= lengths[flat.owners])
            owners = flat.owners[starts]
            numbers = self._ngrams.numbers(flat.numbers, starts, width)
            parts.append((numbers, owners, flat.columns[starts] + before[owners]))
            before = before + np.maximum(lengths - width + 1, 0)
        numbers, owners, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Flat(numbers, owners, columns, flat.count)


def can_flatten(split: Any, widths: Sequence[int] | None) -> bool:
    """Say whether texts can be looked up all at once.

    Args:
        split: How they are split.
        widths: The lengths of n-grams, or `None`.
    """
    return split == "whitespace" or (split == "character" and widths is None)


def _characters(number_by_token: Mapping[bytes, int]) -> dict[Any, int]:
    """Return the numbers of the tokens that are single characters, by these."""
    found = {}
    for token, number in number_by_token.items():
        text = token.decode("utf-8", "ignore")
        if len(text) == 1 and text.encode() == token:
            found[text] = number
    return found


def vectors(flat: Flat, depth: int, output_mode: str, idf: Tensor | None) -> Tensor:
    """Return a vector for each row.

    Args:
        flat: The numbers of the tokens.
        depth: The size of a vector.
        output_mode: "multi_hot", "count" or "tf_idf".
        idf: The weight of each token, for "tf_idf".
    """
    kept = (flat.numbers >= 0) & (flat.numbers < depth)
    numbers, owners = torch.from_numpy(flat.numbers[kept]), torch.from_numpy(flat.owners[kept])
    places = owners * depth + numbers
    dtype = np.int64 if idf is None else np.float32
    # NumPy's zeros take memory only where something is written.
    made = torch.from_numpy(np.zeros(flat.count * depth, dtype=dtype))
    if output_mode == "multi_hot":
        made.index_fill_(0, places, 1)
    else:
        made.index_add_(0, places, torch.ones(len(places), dtype=made.dtype))
    if idf is not None:
        made.scatter_(0, places, made[places] * idf[numbers])
    return made.reshape(flat.count, depth)
