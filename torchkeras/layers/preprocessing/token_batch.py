"""The tokens of a batch of texts as arrays: where words begin in a buffer, or code points."""

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from .key_table import Integers

_Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Text = str | bytes

# One of these control characters, which no text of the batch holds, stands before each text.
_MARKS = [chr(code) for code in range(9)]
PADDING = 24  # how many bytes can be read beyond the last text
_LOWER = (string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_SPACES = (b"\t\n\r\x0b\x0c", b" " * 5)
# By whether letters become lower and spaces alike.
_TABLES = {
    (False, False): None,
    (True, False): bytes.maketrans(*_LOWER),
    (False, True): bytes.maketrans(*_SPACES),
    (True, True): bytes.maketrans(_LOWER[0] + _SPACES[0], _LOWER[1] + _SPACES[1]),
}
_PUNCTUATION = string.punctuation.encode()


@dataclass(frozen=True)
class WordBatch:
    """Words of rows of texts.

    Attributes:
        raw: The bytes of all words, and `PADDING` more.
        starts: Where each word begins.
        sizes: How many bytes it has.
        lengths: How many words each row has.
    """

    raw: bytes
    starts: Integers
    sizes: Integers
    lengths: Integers

    @classmethod
    def split(cls, texts: Sequence[Text], standardize: str | None) -> "WordBatch":
        """Return texts split at spaces.

        Args:
            texts: The texts.
            standardize: How their letters change.
        """
        for mark, raw in _marked(texts, standardize, folds_spaces=True):
            data = np.frombuffer(raw, dtype=np.uint8)
            is_space = data == mark
            marks = np.flatnonzero(is_space)
            if len(marks) == len(texts) + 1:
                is_space |= data == ord(" ")
                edges = np.flatnonzero(is_space[1:] != is_space[:-1]) + 1
                starts = edges[::2].copy()
                lengths = np.diff(np.searchsorted(starts, marks))
                return cls(raw, starts, edges[1::2] - starts, lengths)
        rows = [translated(text, standardize, True).split() for text in texts]
        return cls.listed(list(chain.from_iterable(rows)), [len(row) for row in rows])

    @classmethod
    def listed(cls, words: Sequence[Text], lengths: Sequence[int]) -> "WordBatch":
        """Return words that are split already.

        Args:
            words: The words of all rows.
            lengths: How many belong to each row.
        """
        try:
            joined = "".join(words)  # type: ignore[arg-type]
            raw = joined.encode() if joined.isascii() else None
        except TypeError:
            raw = None
        if raw is None:
            words = (as_bytes := [_as_bytes(word) for word in words])
            raw = b"".join(as_bytes)
        sizes = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        starts = np.cumsum(sizes) - sizes
        return cls(raw + b" " * PADDING, starts, sizes, np.asarray(lengths, dtype=np.int64))


@dataclass(frozen=True)
class CharacterBatch:
    """Characters of rows of texts.

    Attributes:
        codes: The code point of each.
        lengths: How many each row has.
    """

    codes: "np.ndarray[Any, Any]"
    lengths: Integers

    @classmethod
    def split(cls, texts: Sequence[Text], standardize: str | None) -> "CharacterBatch":
        """Return the characters of texts; bytes that are no UTF-8 become U+FFFD.

        Args:
            texts: The texts.
            standardize: How their letters change.
        """
        for mark, raw in _marked(texts, standardize, folds_spaces=False):
            codes = _code_points(raw[:-PADDING])
            marks = np.flatnonzero(codes == mark)
            if len(marks) == len(texts) + 1:
                return cls(codes[codes != mark], np.diff(marks) - 1)
        rows = [_code_points(translated(text, standardize, False)) for text in texts]
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        return cls(np.concatenate(rows), lengths)

    @classmethod
    def listed(cls, characters: Sequence[str], lengths: Sequence[int]) -> "CharacterBatch":
        """Return characters that are split already.

        Args:
            characters: The characters of all rows.
            lengths: How many belong to each row.
        """
        codes = np.fromiter(map(ord, characters), dtype=np.int64, count=len(characters))
        return cls(codes, np.asarray(lengths, dtype=np.int64))


def translated(text: Text, standardize: str | None, folds_spaces: bool) -> bytes:
    """Return a text with its letters changed.

    Args:
        text: The text.
        standardize: "lower", "strip_punctuation", "lower_and_strip_punctuation" or `None`.
        folds_spaces: Whether tabs, line ends and the like become spaces.
    """
    how = standardize or ""
    gone = _PUNCTUATION if "strip_punctuation" in how else b""
    return _as_bytes(text).translate(_TABLES["lower" in how, folds_spaces], gone)


def all_translated(texts: Sequence[Text], standardize: str | None) -> list[bytes]:
    """Return texts with their letters changed.

    Args:
        texts: The texts.
        standardize: As for `translated`.
    """
    for mark, raw in _marked(texts, standardize, folds_spaces=False):
        rows = raw[1 : -PADDING - 1].split(bytes([mark]))
        if len(rows) == len(texts):
            return rows
    return [translated(text, standardize, False) for text in texts]


def _marked(
    texts: Sequence[Text], standardize: str | None, folds_spaces: bool
) -> Iterator[tuple[int, bytes]]:
    """Yield marks, and texts joined by them, until the caller finds that no text holds the mark."""
    for mark in _MARKS:
        try:
            raw: Text = mark.join(["", *texts, ""])  # type: ignore[list-item]
        except TypeError:
            texts = (as_bytes := [_as_bytes(text) for text in texts])
            raw = mark.encode().join([b"", *as_bytes, b""])
        yield ord(mark), translated(raw, standardize, folds_spaces) + b" " * PADDING


def _as_bytes(text: Text) -> bytes:
    if isinstance(text, bytes):
        return text
    if not isinstance(text, str):
        raise TypeError(f"A text must be a string. Received: {text!r}.")
    return text.encode()


def _code_points(raw: bytes) -> "np.ndarray[Any, Any]":
    if raw.isascii():
        return np.frombuffer(raw, dtype=np.uint8)
    return np.frombuffer(raw.decode("utf-8", "replace").encode("utf-32-le"), dtype="<u4")
