"""Text to tokens: lower case, punctuation, splitting and n-grams, on UTF-8 bytes.

As in TensorFlow, whose numbers these are, only ASCII letters have a lower case here, and only ASCII
spaces and punctuation are seen.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from torchkeras._base.budget import charge
from torchkeras._base.messages import show

from .text import Strings, as_strings, given_rows_of
from .token_batch import Text, all_translated

Rows = list[list[bytes]]

STANDARDIZATIONS = (None, "lower", "strip_punctuation", "lower_and_strip_punctuation")
_NUMBER_BYTES = 8
SPLITS = (None, "whitespace", "character")


def standardized(texts: Strings, how: Any, encoding: str) -> Strings:
    """Return texts with their letters changed.

    Args:
        texts: The texts.
        how: One of `STANDARDIZATIONS`, or a function of an array of strings.
        encoding: How bytes are read for the function.
    """
    flat = texts.reshape(-1).tolist()
    if callable(how):
        given = as_text(flat, encoding).reshape(texts.shape)
        return as_strings(how(given), "the output of `standardize`")
    made = np.empty(len(flat), dtype=object)
    is_done = how is None and set(map(type, flat)) == {str}
    made[:] = flat if is_done else all_translated(flat, how)
    return made.reshape(texts.shape)


def as_text(texts: Sequence[Text], encoding: str) -> "np.ndarray[Any, np.dtype[np.str_]]":
    """Return texts as an array of Python's strings, which NumPy's functions for text take.

    Args:
        texts: The texts.
        encoding: How bytes are read.
    """
    if bytes in set(map(type, texts)):
        texts = [x.decode(encoding) if isinstance(x, bytes) else x for x in texts]
    return np.array(texts, dtype=np.str_)


def tokens_of(texts: Sequence[Text], split: Callable[..., Any], encoding: str) -> list[list[Any]]:
    """Return the tokens of each text that a function finds, as it gives them.

    Args:
        texts: The texts.
        split: The function, of an array of strings; or a tokenizer of torchtext.
        encoding: How bytes are read for the function.
    """
    given = as_text(texts, encoding)
    if _is_of_torchtext(split):
        return [given_rows_of(split(text))[0] for text in given.tolist()]
    return given_rows_of(split(given))


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
    if isinstance(ngrams, int):
        charge((ngrams,), _NUMBER_BYTES)
        return tuple(range(1, ngrams + 1))
    return ngrams
