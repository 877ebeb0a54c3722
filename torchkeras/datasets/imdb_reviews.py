"""IMDB: 50,000 film reviews as texts, half of them for and half against."""

from typing import Any

from ._as_datasets import given
from ._text_files import TextFile
from ._text_reading import review_archive

_FILE = TextFile(
    "IMDB",
    "aclImdb_v1.tar.gz",
    "7c2ac02c03563afcf9b574c7e56c153a",
    "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
)


def load_data(*, as_dataset: bool = False) -> Any:
    """Return the IMDB reviews as texts, 25,000 to train and 25,000 to test with; not shuffled.

    A file that torchtext or Keras keeps on disk is used; else it is downloaded.

    Args:
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays of strings, and int64 arrays of labels
        `(n,)`, 0 against and 1 for.

    Raises:
        FileNotFoundError: The file is not on disk and the download failed.

    Source:
        A. L. Maas and others: Learning word vectors for sentiment analysis, ACL 2011.

    Example:
        >>> from torchkeras.datasets import imdb_reviews
        >>> (x_train, y_train), (x_test, y_test) = imdb_reviews.load_data()  # doctest: +SKIP
    """
    return given(_FILE.load(review_archive), as_dataset)
