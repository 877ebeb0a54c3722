"""Text to tokens: lower case, punctuation, splitting and n-grams, on UTF-8 bytes.

As in TensorFlow, whose numbers these are, only ASCII letters have a lower case here, and only ASCII
spaces and punctuation are seen.
"""

import string
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from torchkeras._base.messages import show

from .text import Strings, as_bytes, rows_of

Rows = list[list[bytes]]

_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_PUNCTUATION = string.punctuation.encode()
# For each standardization: the letters that change, and those that go.
_TRANSLATIONS: dict[Any, tuple[bytes | None, bytes]] = {
    None: (None, b""),
    "lower": (_LOWER, b""),
    "strip_punctuation": (None, _PUNCTUATION),
    "lower_and_strip_punctuation": (_LOWER, _PUNCTUATION),
}
STANDARDIZATIONS = tuple(_TRANSLATIONS)
SPLITS = (None, "whitespace", "character")


def standardized(texts: Strings, how: Any, encoding: str) -> Strings:
    """Return texts with their letters changed.

    Args:
        texts: The texts, as bytes.
        how: One of `STANDARDIZATIONS`, or a function of an array of strings.
        encoding: How bytes are read for the function.
    """
    if callable(how):
        return as_bytes(how(as_text(texts, encoding)), "the output of `standardize`")
    if how is None:
        return texts
    made = np.empty(texts.size, dtype=object)
    made[:] = [translated(text, how) for text in texts.reshape(-1)]
    return made.reshape(texts.shape)


def translated(text: bytes, how: Any) -> bytes:
    """Return a text with its letters changed.

    Args:
        text: The text.
        how: One of `STANDARDIZATIONS`.
    """
    table, gone = _TRANSLATIONS[how]
    return text if how is None else text.translate(table, gone)


def as_text(texts: Strings, encoding: str) -> "np.ndarray[Any, np.dtype[np.str_]]":
    """Return bytes as an array of Python's strings, which NumPy's functions for text take."""
    decoded = [text.decode(encoding) for text in texts.reshape(-1)]
    return np.array(decoded, dtype=np.str_).reshape(texts.shape)


def tokens_of(texts: Strings, how: str | Callable[..., Any], encoding: str) -> Rows:
    """Return the tokens of each text.

    Args:
        texts: The texts, along one axis.
        how: "whitespace", "character", or a function of an array of strings.
        encoding: How bytes are read for the function.
    """
    if callable(how):
        if _is_of_torchtext(how):
            return [rows_of(how(text))[0] for text in as_text(texts, encoding).tolist()]
        return rows_of(how(as_text(texts, encoding)))
    if how == "whitespace":
        return [text.split() for text in texts]
    return [[c.encode() for c in text.decode("utf-8", "replace")] for text in texts]


def _is_of_torchtext(tokenizer: Any) -> bool:
    """Say whether a tokenizer is one of torchtext's, which take one text at a time."""
    owners = (getattr(tokenizer, "__module__", None), type(tokenizer).__module__)
    return any(str(owner).partition(".")[0] == "torchtext" for owner in owners)


def ngrams_of(rows: Iterable[Sequence[bytes]], widths: Sequence[int]) -> Rows:
    """Return the runs of neighbouring tokens of each row, for one width after the other.

    Args:
        rows: The tokens of each text.
        widths: How many tokens make one.
    """
    return [list(chain.from_iterable(_runs(row, width) for width in widths)) for row in rows]


def _runs(row: Sequence[bytes], width: int) -> Iterable[bytes]:
    if width == 1:
        return row
    return map(b" ".join, zip(*(row[at:] for at in range(width)), strict=False))


def widths_of(ngrams: int | tuple[int, ...] | None) -> Sequence[int] | None:
    """Return the lengths of the runs of tokens that an argument asks for.

    Args:
        ngrams: The longest run, or a tuple of lengths.

    Raises:
        ValueError: If it is neither.
    """
    given = ngrams if isinstance(ngrams, tuple) else (ngrams,)
    if ngrams is not None and not all(type(n) is int and n > 0 for n in given):
        raise ValueError(
            "`ngrams` must be a positive integer, a tuple of them, or `None`. "
            f"Received: ngrams={show(ngrams)}."
        )
    return tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
