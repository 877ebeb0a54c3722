"""IMDB: 50,000 film reviews as lists of word numbers, half of them for and half against."""

import os
import warnings
from typing import Any

import numpy as np

from torchkeras._base.messages import did_you_mean

from ._as_datasets import given
from ._hosted import Hosted, read_json
from ._ragged import read_ragged_npz
from ._words import WordRules

_FILE = Hosted("imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f")
_WORDS = Hosted("imdb_word_index.json", "bfafd718b763782e994055a2d397834f")
_NAMES = ("x_train", "y_train", "x_test", "y_test")
_ARGUMENTS = ("num_words", "skip_top", "maxlen", "start_char", "oov_char", "index_from")


def load_data(
    path: str | os.PathLike[str] = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int | None = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    *,
    as_dataset: bool = False,
    **kwargs: Any,
) -> Any:
    """Return the IMDB reviews: 25,000 to train and 25,000 to test with.

    Words are numbered by how often they occur, the most frequent first. A file that Keras keeps
    on disk is used; else it is downloaded.

    Args:
        path: Name of the file in Keras's folder of data sets, `~/.keras/datasets`.
        num_words: Words with this number or a larger one are left out; if not given, the largest
            number that occurs, so that the rarest word is left out too.
        skip_top: Words with a smaller number than this are left out.
        maxlen: Reviews of this length or more, the start included, are dropped.
        seed: Seeds the order.
        start_char: The number that each review begins with; `None` for none.
        oov_char: The number that stands for words left out; `None` for nothing in their place.
        index_from: What is added to the number of each word.
        **kwargs: Ignored with a warning; Keras ignores them too.
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays of lists of integers, and int64
        arrays of labels `(n,)`, 0 against and 1 for.

    Raises:
        ValueError: `path` contains a folder, or `maxlen` leaves no review.
        FileNotFoundError: The file is not on disk and the download failed.

    Differs from Keras:
        A file with a wrong hash is named in a warning and left alone; Keras overwrites or deletes
        it. An unknown argument is named in a warning.

    Source:
        A. L. Maas and others: Learning word vectors for sentiment analysis, ACL 2011.

    Example:
        >>> from torchkeras.datasets import imdb
        >>> (x_train, y_train), _ = imdb.load_data(num_words=10000)  # doctest: +SKIP
    """
    for name in kwargs:
        warnings.warn(
            f"`{name}` is no argument of load_data and has no effect."
            f"{did_you_mean(name, _ARGUMENTS)}",
            stacklevel=2,
        )
    rules = WordRules(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    arrays = _FILE.load("IMDB", path, lambda place, digest: read_ragged_npz(place, digest, _NAMES))
    rng = np.random.RandomState(seed)
    parts, labels = [], []
    for x, y in (arrays[:2], arrays[2:]):
        order = np.arange(len(x))
        rng.shuffle(order)
        rows = rules.shift(x[order])
        keeps = rules.are_short(rows)
        parts.append(rows.where(keeps))
        labels.append(y[order][keeps])
    if maxlen and not all(map(len, labels)):
        raise ValueError(
            f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was kept. "
            "Increase maxlen."
        )
    limit = rules.limit(*parts)
    x_train, x_test = (rules.cut(part, limit) for part in parts)
    return given(((x_train, labels[0]), (x_test, labels[1])), as_dataset)


def get_word_index(path: str | os.PathLike[str] = "imdb_word_index.json") -> dict[str, int]:
    """Return the number of each word, counted from 1; `load_data` adds its `index_from` to it.

    Args:
        path: Name of the file in Keras's folder of data sets, `~/.keras/datasets`.

    Raises:
        ValueError: `path` contains a folder.
        FileNotFoundError: The file is not on disk and the download failed.

    Example:
        >>> from torchkeras.datasets import imdb
        >>> word_index = imdb.get_word_index()  # doctest: +SKIP
        >>> words = {number + 3: word for word, number in word_index.items()}  # doctest: +SKIP
    """
    return _WORDS.load("IMDB's word index", path, read_json)
