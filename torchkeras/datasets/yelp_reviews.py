"""Reviews of Yelp: for or against, or with one to five stars."""

from typing import Any

from ._csv_archives import load_kind, on_drive

_FILES = {
    "polarity": on_drive(
        "YelpReviewPolarity",
        "yelp_review_polarity_csv.tar.gz",
        "620c8ae4bd5a150b730f1ba9a7c6a4d3",
        "0Bz8a_Dbh9QhbNUpYQ2N3SGlFaDg",
    ),
    "full": on_drive(
        "YelpReviewFull",
        "yelp_review_full_csv.tar.gz",
        "f7ddfafed1033f68ec72b9267863af6c",
        "0Bz8a_Dbh9QhbZlU4dXhHTFhZQU0",
    ),
}


def load_data(kind: str = "polarity", *, as_dataset: bool = False) -> Any:
    """Return reviews of Yelp: 598,000 in two classes, or 700,000 in five.

    A file that torchtext or Keras keeps on disk is used; else it is downloaded.

    Args:
        kind: "polarity" for labels 0, against, and 1, for; "full" for one to five stars, 0 to 4.
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays of strings, and int64 arrays of labels
        `(n,)`, counted from 0.

    Raises:
        ValueError: `kind` is another word.
        FileNotFoundError: The file is not on disk and the download failed.

    Source:
        X. Zhang, J. Zhao, Y. LeCun: Character-level convolutional networks for text classification,
        NIPS 2015.

    Example:
        >>> from torchkeras.datasets import yelp_reviews
        >>> (x_train, y_train), (x_test, y_test) = yelp_reviews.load_data()  # doctest: +SKIP
    """
    return load_kind(_FILES, kind, as_dataset)
