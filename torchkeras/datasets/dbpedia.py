"""DBpedia: 630,000 titles and abstracts of Wikipedia, of 14 kinds of things."""

from typing import Any

from ._csv_archives import load, on_drive

_FILE = on_drive(
    "DBpedia",
    "dbpedia_csv.tar.gz",
    "dca7b1ae12b1091090db52aa7ec5ca64",
    "0Bz8a_Dbh9QhbQ2Vic1kxMmZZQ1k",
)
_LABELS = (
    "Company",
    "EducationalInstitution",
    "Artist",
    "Athlete",
    "OfficeHolder",
    "MeanOfTransportation",
    "Building",
    "NaturalPlace",
    "Village",
    "Animal",
    "Plant",
    "Album",
    "Film",
    "WrittenWork",
)


def load_data(*, as_dataset: bool = False) -> Any:
    """Return DBpedia: 560,000 texts to train and 70,000 to test with.

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
        >>> from torchkeras.datasets import dbpedia
        >>> (x_train, y_train), (x_test, y_test) = dbpedia.load_data()  # doctest: +SKIP
    """
    return load(_FILE, as_dataset)


def get_label_names() -> tuple[str, ...]:
    """Return the name of each label.

    Example:
        >>> from torchkeras.datasets import dbpedia
        >>> dbpedia.get_label_names()[2]
        'Artist'
    """
    return _LABELS
