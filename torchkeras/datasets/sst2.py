"""SST-2: sentences and phrases of film reviews, for or against, as in GLUE."""

from pathlib import Path
from typing import Any

import numpy as np

from ._as_datasets import given
from ._search import Splits
from ._text_files import TextFile
from ._text_reading import as_arrays, tsv_archive

_FILE = TextFile(
    "SST2",
    "SST-2.zip",
    "9f81648d4199384278b86e315dac217c",
    "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
)


def load_data(*, as_dataset: bool = False) -> Any:
    """Return SST-2: 67,349 texts to train with and the 872 of the part "dev" to test with.

    A file that torchtext or Keras keeps on disk is used; else it is downloaded.

    Args:
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays of strings, and int64 arrays of labels
        `(n,)`, 0 against and 1 for.

    Raises:
        FileNotFoundError: The file is not on disk and the download failed.

    Source:
        R. Socher and others: Recursive deep models for semantic compositionality over a sentiment
        treebank, EMNLP 2013.

    Example:
        >>> from torchkeras.datasets import sst2
        >>> (x_train, y_train), (x_test, y_test) = sst2.load_data()  # doctest: +SKIP
    """
    return given(_FILE.load(_labelled), as_dataset)


def load_unlabelled() -> Any:
    """Return the 1,821 sentences of the part "test", whose labels are kept secret.

    Returns:
        An object array of strings.

    Raises:
        FileNotFoundError: The file is not on disk and the download failed.

    Example:
        >>> from torchkeras.datasets import sst2
        >>> x = sst2.load_unlabelled()  # doctest: +SKIP
    """
    return _FILE.load(_unlabelled)


def _labelled(path: Path) -> Splits:
    train, dev = (
        as_arrays((row[0].strip(), int(row[1])) for row in tsv_archive(path, f"SST-2/{part}.tsv"))
        for part in ("train", "dev")
    )
    return train, dev


def _unlabelled(path: Path) -> Any:
    rows = tsv_archive(path, "SST-2/test.tsv")
    texts = np.empty(len(rows), dtype=object)
    texts[:] = [row[1].strip() for row in rows]
    return texts
