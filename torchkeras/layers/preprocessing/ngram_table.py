"""Runs of words looked up by the numbers of their words, so that no text is put together."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_Array = np.ndarray[Any, np.dtype[np.int64]]
_NONE = -1


class NgramTable:
    """The runs of words of a vocabulary as a tree: a run is a shorter run and one word more.

    Attributes:
        words: A number for each word of the runs.
        widths: The lengths of runs that are looked up.

    Args:
        number_by_token: The vocabulary; the words of a run are joined by spaces.
        unknown: The number of runs that are not in it.
        widths: The lengths of runs.
    """

    def __init__(
        self, number_by_token: Mapping[bytes, int], unknown: int, widths: Sequence[int]
    ) -> None:
        self.widths = tuple(widths)
        self._unknown = unknown
        runs = {token: token.split(b" ") for token in number_by_token}
        runs = {token: run for token, run in runs.items() if _is_reachable(run)}
        spelled = dict.fromkeys(word for run in runs.values() for word in run)
        self.words: dict[bytes, int] = {word: index for index, word in enumerate(spelled)}
        self._children: list[dict[int, int]] = [{} for _ in range(max(self.widths))]
        numbers: list[dict[int, int]] = [{} for _ in range(max(self.widths))]
        for token, run in runs.items():
            if len(run) <= len(numbers):
                numbers[len(run) - 1][self._node(run)] = number_by_token[token]
        sizes = [len(self.words), *map(len, self._children[1:])]
        self._numbers = [
            self._listed(found, size) for found, size in zip(numbers, sizes, strict=True)
        ]
        self._keys = [_sorted(children) for children in self._children]

    def _node(self, run: Sequence[bytes]) -> int:
        node = self.words[run[0]]
        for level, word in enumerate(run[1:], start=1):
            children = self._children[level]
            node = children.setdefault(node * len(self.words) + self.words[word], len(children))
        return node

    def _listed(self, found: Mapping[int, int], size: int) -> _Array:
        """Return the number of each node; the last is that of no node."""
        listed = np.full(size + 1, self._unknown, dtype=np.int64)
        listed[list(found)] = list(found.values())
        return listed

    def numbers(self, words: _Array, starts: _Array, width: int) -> _Array:
        """Return the numbers of runs.

        Args:
            words: The numbers of words, -1 for unknown ones.
            starts: Where the runs begin.
            width: How many words make one.
        """
        nodes = words[starts]
        for level in range(1, width):
            keys, values = self._keys[level]
            following = words[starts + level]
            known = np.flatnonzero((nodes >= 0) & (following >= 0))
            wanted = nodes[known] * len(self.words) + following[known]
            places = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
            nodes = np.full(len(starts), _NONE)
            nodes[known] = np.where(keys[places] == wanted, values[places], _NONE)
        found: _Array = self._numbers[width - 1][nodes]
        return found


def _is_reachable(run: Sequence[bytes]) -> bool:
    """Say whether splitting a text at spaces can give the words of a run."""
    return all(word and not any(byte in b"\t\n\r\x0b\x0c" for byte in word) for word in run)


def _sorted(children: Mapping[int, int]) -> tuple[_Array, _Array]:
    keys = np.fromiter(children, dtype=np.int64, count=len(children))
    values = np.fromiter(children.values(), dtype=np.int64, count=len(children))
    order = keys.argsort()
    if not len(keys):
        return np.full(1, _NONE - 1), np.full(1, _NONE)
    return keys[order], values[order]
