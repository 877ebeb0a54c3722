"""Texts looked up all at once: the numbers of a batch in one array, row after row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .key_table import Integers
from .run_table import Part, RunTable, spread


@dataclass(frozen=True)
class Flat:
    """The numbers of the tokens of all rows.

    Attributes:
        parts: The numbers; in each row those of the first part come first.
        count: The number of rows.
    """

    parts: list[Part]
    count: int

    def table(self, width: int | None, fill: int) -> Integers:
        """Return rows of one width, cut and filled up.

        Args:
            width: The width; the longest row's if not given.
            fill: What shorter rows are filled up with.
        """
        if width is None:
            sizes = np.sum([part.lengths for part in self.parts], axis=0)
            width = int(sizes.max(initial=0))
        made = np.full(self.count * width, fill, dtype=np.int64)
        row_ends = np.arange(1, self.count + 1) * width
        targets = row_ends - width
        for part in self.parts:
            kept = np.minimum(part.lengths, row_ends - targets)
            is_cut = kept.sum() < len(part.numbers)
            firsts = np.cumsum(part.lengths) - part.lengths
            made[spread(targets, kept)] = (
                part.numbers[spread(firsts, kept)] if is_cut else part.numbers
            )
            targets = targets + kept
        return made.reshape(self.count, width)


class FlatLookup:
    """Looks up the tokens of whole batches.

    Attributes:
        table: Numbers the tokens of the vocabulary.

    Args:
        table: A table without tokens; it is filled here.
        number_by_token: The number of each token.
        unknown: The number of all others.
    """

    def __init__(self, table: RunTable, number_by_token: Mapping[Any, int], unknown: int) -> None:
        self.table = table
        runs: dict[int, list[Sequence[Any]]] = {width: [] for width in table.widths}
        numbers: dict[int, list[int]] = {width: [] for width in table.widths}
        for token, number in number_by_token.items():
            run = table.run_of(token)
            if len(run) in runs:
                runs[len(run)].append(run)
                numbers[len(run)].append(number)
        places = {width: table.place(runs[width], width) for width in runs}
        self._numbers = []  # for each width the number of each run, and last that of unknown ones
        for width in table.widths:
            listed = np.full(table.size(width) + 1, unknown, dtype=np.int64)
            listed[places[width]] = numbers[width]
            self._numbers.append(listed)

    def look_up(self, batch: Any) -> Flat:
        """Return the numbers of tokens.

        Args:
            batch: What `table.split` returned.
        """
        found = zip(self.table.find(batch), self._numbers, strict=True)
        parts = [Part(numbers[part.numbers], part.lengths) for part, numbers in found]
        return Flat(parts, len(batch.lengths))


def vectors(flat: Flat, depth: int, output_mode: str, idf: Tensor | None) -> Tensor:
    """Return a vector for each row.

    Args:
        flat: The numbers of the tokens.
        depth: The size of a vector.
        output_mode: "multi_hot", "count" or "tf_idf".
        idf: The weight of each token, for "tf_idf".
    """
    dtype = np.int64 if idf is None else np.float32
    # NumPy's zeros take memory only where something is written.
    made = torch.from_numpy(np.zeros(flat.count * depth, dtype=dtype))
    rows = np.arange(flat.count) * depth
    parts = [_counted(part, rows, depth) for part in flat.parts]
    for _, places in parts:
        if output_mode == "multi_hot":
            made.index_fill_(0, places, 1)
        else:
            made.index_add_(0, places, torch.ones((), dtype=made.dtype).expand(len(places)))
    if idf is not None:
        numbers, places = (torch.cat(found) for found in zip(*parts, strict=True))
        made.index_copy_(0, places, made[places] * idf[numbers])
    return made.reshape(flat.count, depth)


def _counted(part: Part, rows: Integers, depth: int) -> tuple[Tensor, Tensor]:
    """Return the numbers that count, and their places in all vectors."""
    numbers, starts = part.numbers, np.repeat(rows, part.lengths)
    if len(numbers) and (numbers.min() < 0 or numbers.max() >= depth):
        kept = (numbers >= 0) & (numbers < depth)
        numbers, starts = numbers[kept], starts[kept]
    return torch.from_numpy(numbers), torch.from_numpy(starts + numbers)
