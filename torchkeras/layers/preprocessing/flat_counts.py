"""How often tokens came, counted a batch at a time."""

from collections.abc import Collection
from typing import Any

import numpy as np

from .key_table import NONE, Integers, KeyTable
from .run_table import Part, RunTable, spread
from .vocabulary import Ranking, Token

_HALF = np.uint64(32)
_LOWER_HALF = np.uint64((1 << 32) - 1)


class FlatCounts:
    """Counts tokens, and the documents that hold them, while a layer adapts.

    Attributes:
        table: Numbers the tokens.

    Args:
        table: A table without tokens; it is filled here.
        by_document: Whether documents are counted too.
    """

    def __init__(self, table: RunTable, by_document: bool) -> None:
        self.table = table
        self._num_documents = 0
        self._tokens = [_Tally() for _ in table.widths]
        self._documents = [_Tally() for _ in table.widths] if by_document else []

    def __len__(self) -> int:
        return sum(self.table.size(width) for width in self.table.widths)

    def add(self, batch: Any) -> None:
        """Count the tokens of a batch.

        Args:
            batch: What `table.split` returned.
        """
        self._num_documents += len(batch.lengths)
        parts = self.table.add(batch)
        for tally, part in zip(self._tokens, parts, strict=True):
            tally.add(part.numbers)
        for tally, part in zip(self._documents, parts, strict=False):
            tally.add(_once_a_row(part))

    def ranked(self, without: Collection[Token | None], most: int | None) -> Ranking:
        """Return tokens by count, the greater of two equals first.

        Args:
            without: Tokens that are left out.
            most: How many are returned; all if not given.
        """
        wanted = None if most is None else most + len(without)
        counts, indices, numbers = self._chosen(wanted)
        parts = self._parts(indices, numbers)
        is_used = np.bincount(parts[parts != NONE]) > 0
        words = self.table.spelled(np.flatnonzero(is_used))
        places = np.where(parts == NONE, NONE, (np.cumsum(is_used) - 1)[parts])
        order = np.lexsort([*reversed(_ranks(places, words)), counts])[::-1][:wanted]
        tokens = _joined(places[order], indices[order], words, self.table)
        left_out = frozenset(without)
        kept = [at for at, token in enumerate(tokens) if token not in left_out][:most]
        documents = self._documents_of(indices[order[kept]], numbers[order[kept]])
        return Ranking([tokens[at] for at in kept], documents, self._num_documents)

    def _chosen(self, wanted: int | None) -> tuple[Integers, Integers, Integers]:
        """Return counts, indices of widths and numbers of the most frequent runs."""
        sizes = np.array([self.table.size(width) for width in self.table.widths])
        tallies = zip(self._tokens, sizes, strict=True)
        counts = np.concatenate([tally.counts[:size] for tally, size in tallies])
        least = 1
        if wanted and wanted < len(counts):
            at = len(counts) - wanted
            least = max(least, int(np.partition(counts, at)[at]))
        chosen = np.flatnonzero(counts >= least)
        indices = np.repeat(np.arange(len(sizes)), sizes)
        numbers = spread(np.zeros_like(sizes), sizes)
        return counts[chosen], indices[chosen], numbers[chosen]

    def _parts(self, indices: Integers, numbers: Integers) -> Integers:
        """Return the numbers of the tokens of runs, -1 after the last of short ones."""
        parts = np.full((len(numbers), max(self.table.widths)), NONE)
        for index, width in enumerate(self.table.widths):
            mine = np.flatnonzero(indices == index)
            parts[mine, :width] = self.table.parts(numbers[mine], width)
        return parts

    def _documents_of(self, indices: Integers, numbers: Integers) -> Integers:
        found = np.zeros(len(numbers), dtype=np.int64)
        for index, tally in enumerate(self._documents):
            mine = np.flatnonzero(indices == index)
            found[mine] = tally.counts[numbers[mine]]
        return found


class _Tally:
    """How often each of growing numbers came."""

    def __init__(self) -> None:
        self.counts: Integers = np.zeros(1 << 10, dtype=np.int64)

    def add(self, numbers: Integers) -> None:
        """Count numbers once more."""
        size = int(numbers.max(initial=0)) + 1
        if size > len(self.counts):
            self.counts = np.pad(self.counts, (0, 2 * size - len(self.counts)))
        np.add.at(self.counts, numbers, 1)


def _once_a_row(part: Part) -> Integers:
    """Return numbers, those that repeat in a row once."""
    rows = np.repeat(np.arange(len(part.lengths)), part.lengths).view(np.uint64)
    pairs = KeyTable()
    pairs.add(rows << _HALF | part.numbers.view(np.uint64))
    return (pairs.column(0) & _LOWER_HALF).view(np.int64)


def _joined(
    places: Integers, indices: Integers, words: list[bytes], table: RunTable
) -> list[bytes]:
    """Return runs, a row of the places of their words among all words each."""
    found = np.empty(len(places), dtype=object)
    for index, width in enumerate(table.widths):
        mine = np.flatnonzero(indices == index)
        columns = [[words[place] for place in places[mine, at].tolist()] for at in range(width)]
        found[mine] = list(map(b" ".join, zip(*columns, strict=True))) if width > 1 else columns[0]
    tokens: list[bytes] = found.tolist()
    return tokens


def _ranks(places: Integers, words: list[bytes]) -> list[Integers]:
    """Return the place in the order of bytes of each token of runs, a column each.

    In a run a space follows all tokens but the last.
    """
    is_inner = places[:, 1:] != NONE
    spelled = words + [word + b" " for word in words] if is_inner.any() else words
    rank = np.empty(len(spelled) + 1, dtype=np.int64)
    rank[sorted(range(len(spelled)), key=spelled.__getitem__)] = np.arange(len(spelled))
    rank[-1] = NONE
    inner = np.zeros_like(places)
    inner[:, :-1] = len(words) * is_inner
    return list(rank[places + inner].T)
