"""`Vocabulary`: tokens in order, after places for masked and for unknown ones."""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

Token = bytes | int


class Ranking(NamedTuple):
    """Tokens, the most frequent first.

    Attributes:
        tokens: The tokens.
        documents: How many documents hold each; 0 if they were not counted.
        num_documents: How many there were.
    """

    tokens: list[Any]
    documents: "np.ndarray[Any, Any]"
    num_documents: int

    def inverse_frequencies(self) -> "np.ndarray[Any, Any]":
        """Return `log(1 + documents / (1 + documents with the token))` of each token."""
        with_token = self.documents.astype(np.float64)
        return np.log(1 + self.num_documents / (1 + with_token))


class Ranked(Protocol):
    """What counted tokens."""

    def __len__(self) -> int: ...

    def ranked(self, without: Collection[Token | None], most: int | None) -> Ranking:
        """Return tokens by count, the greater of two equals first."""
        ...


class Counts:
    """How often tokens came, and in how many documents, while a layer adapts."""

    def __init__(self) -> None:
        self._tokens: Counter[Token] = Counter()
        self._documents: Counter[Token] = Counter()
        self._num_documents = 0

    def __len__(self) -> int:
        return len(self._tokens)

    def add(self, rows: Iterable[Sequence[Token]], by_document: bool) -> None:
        """Count the tokens of documents.

        Args:
            rows: The tokens of each document.
            by_document: Whether documents are counted too.
        """
        if not by_document:
            self._tokens.update(itertools.chain.from_iterable(rows))
            return
        for row in rows:
            self._tokens.update(row)
            self._documents.update(set(row))
            self._num_documents += 1

    def ranked(self, without: Collection[Token | None], most: int | None) -> Ranking:
        """Return tokens by count, the greater of two equals first.

        Args:
            without: Tokens that are left out.
            most: How many are returned; all if not given.
        """
        found = [(count, token) for token, count in self._tokens.items() if token not in without]
        found.sort(reverse=True)
        tokens = [token for _, token in found[:most]]
        documents = np.array([self._documents[token] for token in tokens], dtype=np.int64)
        return Ranking(tokens, documents, self._num_documents)


class Table(dict[Token, int]):
    """Tokens to numbers; unknown ones to `default`."""

    def __init__(self, tokens: Sequence[Token], start: int, default: int) -> None:
        super().__init__(zip(tokens, range(start, start + len(tokens)), strict=True))
        self.default = default

    def __missing__(self, token: Token) -> int:
        return self.default


def read_lines(path: str) -> list[str]:
    """Return the lines of a vocabulary file that a user named.

    Args:
        path: The file, in UTF-8, one token a line.

    Raises:
        ValueError: If there is no such file.
    """
    file = Path(path)
    if not file.is_file():
        raise ValueError(f"Vocabulary file {path} does not exist. Received: vocabulary={path!r}.")
    lines = file.read_text(encoding="utf-8").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def refuse_path(config: dict[str, Any]) -> None:
    """Refuse a config that names a file: only a user's program may have files read.

    Raises:
        ValueError: If the vocabulary of the config is a path.
    """
    if isinstance(config.get("vocabulary"), (str, bytes)):
        raise ValueError(
            "A config may not name a vocabulary file, as loading it could read any file. Received: "
            f"vocabulary={config['vocabulary']!r}. Make the layer in code, or call "
            "`set_vocabulary(path)` on it."
        )


def repeated(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens that come more than once."""
    return [token for token, count in Counter(tokens).items() if count > 1]
