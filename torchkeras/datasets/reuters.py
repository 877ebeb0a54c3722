"""Reuters: 11,228 newswires of 46 topics as lists of word numbers."""

import os
from typing import Any

import numpy as np

from ._as_datasets import given
from ._hosted import Hosted, read_json
from ._ragged import read_ragged_npz
from ._words import WordRules

_FILE = Hosted("reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916")
_WORDS = Hosted("reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")
_XY = ("x", "y")
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange "
    "pet-chem dlr gas silver wpi hog lead"
)


def load_data(
    path: str | os.PathLike[str] = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int | None = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    *,
    as_dataset: bool = False,
) -> Any:
    """Return the Reuters newswires: 8,982 to train and 2,246 to test with.

    Words are numbered by how often they occur, the most frequent first. A file that Keras keeps
    on disk is used; else it is downloaded.

    Args:
        path: Name of the file in Keras's folder of data sets, `~/.keras/datasets`.
        num_words: Words with this number or a larger one are left out; if not given, the largest
            number that occurs, so that the rarest word is left out too.
        skip_top: Words with a smaller number than this are left out.
        maxlen: Newswires of this length or more, the start included, are dropped.
        test_split: The part that is left to test with.
        seed: Seeds the order.
        start_char: The number that each newswire begins with; `None` for none.
        oov_char: The number that stands for words left out; `None` for nothing in their place.
        index_from: What is added to the number of each word.
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays of lists of integers, and int64
        arrays of topics `(n,)`, 0 to 45.

    Raises:
        ValueError: `path` contains a folder, or `maxlen` leaves no word.
        FileNotFoundError: The file is not on disk and the download failed.

    Differs from Keras:
        A file with a wrong hash is named in a warning and left alone; Keras overwrites or deletes
        it.

    Source:
        D. D. Lewis: Reuters-21578 text categorization test collection, 1997.

    Example:
        >>> from torchkeras.datasets import reuters
        >>> (x_train, y_train), _ = reuters.load_data(num_words=10000)  # doctest: +SKIP
    """
    rules = WordRules(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    x, y = _FILE.load("Reuters", path, lambda place, digest: read_ragged_npz(place, digest, _XY))
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    rows = rules.shift(x[order])
    keeps = rules.are_short(rows)
    rows, labels = rows.where(keeps), y[order][keeps]
    limit = rules.limit(rows)
    is_train = np.zeros(len(labels), bool)
    is_train[: int(len(labels) * (1 - test_split))] = True
    return given(
        (
            (rules.cut(rows.where(is_train), limit), labels[is_train]),
            (rules.cut(rows.where(~is_train), limit), labels[~is_train]),
        ),
        as_dataset,
    )


def get_word_index(path: str | os.PathLike[str] = "reuters_word_index.json") -> dict[str, int]:
    """Return the number of each word, counted from 1; `load_data` adds its `index_from` to it.

    Args:
        path: Name of the file in Keras's folder of data sets, `~/.keras/datasets`.

    Raises:
        ValueError: `path` contains a folder.
        FileNotFoundError: The file is not on disk and the download failed.

    Example:
        >>> from torchkeras.datasets import reuters
        >>> word_index = reuters.get_word_index()  # doctest: +SKIP
    """
    return _WORDS.load("Reuters's word index", path, read_json)


def get_label_names() -> tuple[str, ...]:
    """Return the names of the 46 topics, in the order of their numbers.

    Example:
        >>> from torchkeras.datasets import reuters
        >>> reuters.get_label_names()[:3]
        ('cocoa', 'grain', 'veg-oil')
    """
    return tuple(_TOPICS.split())
