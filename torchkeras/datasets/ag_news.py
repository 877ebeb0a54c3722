"""AG News: 127,600 titles and descriptions of news, of 4 topics."""

from typing import Any

from ._as_datasets import given
from ._text_files import TextFile
from ._text_reading import csv_file

_URL = "https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/master/data/ag_news_csv/"
_TRAIN = TextFile("AG_NEWS", "train.csv", "b1a00f826fdfbd249f79597b59e1dc12", f"{_URL}train.csv")
_TEST = TextFile("AG_NEWS", "test.csv", "d52ea96a97a2d943681189a97654912d", f"{_URL}test.csv")
_LABELS = ("World", "Sports", "Business", "Sci/Tech")


def load_data(*, as_dataset: bool = False) -> Any:
    """Return AG News: 120,000 texts to train and 7,600 to test with.

    A file that torchtext or Keras keeps on disk is used; else it is downloaded.

    Args:
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays of strings, and int64 arrays of labels
        `(n,)`, counted from 0.

    Raises:
        FileNotFoundError: The file is not on disk and the download failed.

    Source:
        X. Zhang, J. Zhao, Y. LeCun: Character-level convolutional networks for text classification,
        NIPS 2015.

    Example:
        >>> from torchkeras.datasets import ag_news
        >>> (x_train, y_train), (x_test, y_test) = ag_news.load_data()  # doctest: +SKIP
    """
    return given((_TRAIN.load(csv_file), _TEST.load(csv_file)), as_dataset)


def get_label_names() -> tuple[str, ...]:
    """Return the name of each label.

    Example:
        >>> from torchkeras.datasets import ag_news
        >>> ag_news.get_label_names()[1]
        'Sports'
    """
    return _LABELS
