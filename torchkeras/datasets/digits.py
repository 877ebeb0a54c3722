"""Handwritten digits that come with the package: 1,797 images of 8x8 pixels."""

from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._as_datasets import given

_NAME = "digits.npz"


def load_data(test_split: float = 0.2, seed: int = 113, *, as_dataset: bool = False) -> Any:
    """Return 1,797 real handwritten digits; no network and no other file is needed.

    Pixels keep their original values, 0 to 16: divide by 16 where MNIST is divided by 255. The
    default split is 1,437 to train and 360 to test with. Every class has its share of both.

    Args:
        test_split: Share of the digits to test with, at least 0 and less than 1.
        seed: Chooses the split and its order; the same seed gives the same arrays.
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of images `(n, 8, 8)`, 0 to 16, and
        of labels `(n,)`, 0 to 9.

    Raises:
        ValueError: `test_split` is outside of its range.

    Differs from Keras:
        Keras has no such data set; the arguments are those of `boston_housing`. The 13 writers
        occur in both parts, so the test part does not measure how unknown writers are read.

    Source:
        E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning
        Repository, 1998, doi:10.24432/C50P49. CC BY 4.0.

    Example:
        >>> from torchkeras.datasets import digits
        >>> (x_train, y_train), (x_test, y_test) = digits.load_data()
        >>> x_train.shape, y_train.shape, x_test.shape, y_test.shape
        ((1437, 8, 8), (1437,), (360, 8, 8), (360,))
    """
    if not 0 <= test_split < 1:
        raise ValueError(
            "`test_split` must be at least 0 and less than 1, the share of the digits to test "
            f"with. Received: test_split={test_split!r}."
        )
    images, labels = _read()
    train, test = _split(labels, test_split, np.random.RandomState(seed))
    return given(((images[train], labels[train]), (images[test], labels[test])), as_dataset)


def _read() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    with (resources.files(__package__) / _NAME).open("rb") as file:
        arrays = np.load(file, allow_pickle=False)
        return arrays["images"], arrays["labels"]


def _split(
    labels: NDArray[np.uint8], test_split: float, rng: np.random.RandomState
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return shuffled indices to train and to test with, each class in both by its share."""
    order = rng.permutation(len(labels))

    # Sorted by its place within its class, every cut has the classes in near equal shares.
    place = np.empty(len(order))
    for label in np.unique(labels):
        members = np.flatnonzero(labels[order] == label)
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    order = order[np.argsort(place, kind="stable")]
    cut = int(len(order) * (1 - test_split))
    return rng.permutation(order[:cut]), rng.permutation(order[cut:])
