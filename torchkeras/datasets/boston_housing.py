"""Boston housing: prices in 506 districts of Boston in the 1970s, with 13 facts of each."""

import os
from typing import Any

from ._as_datasets import given
from ._hosted import Hosted, check_test_split, shuffled_split
from ._verified import read_npz

_FILE = Hosted(
    "boston_housing.npz", "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"
)


def load_data(
    path: str | os.PathLike[str] = "boston_housing.npz",
    test_split: float = 0.2,
    seed: int | None = 113,
    *,
    as_dataset: bool = False,
) -> Any:
    """Return the Boston housing prices: 404 districts to train and 102 to test with.

    One column, "B", is made from the share of Black residents as if segregation set prices. Do
    not build on it; `california_housing` with `version="small"` is of the same size.

    A file that Keras keeps on disk is used; else it is downloaded.

    Args:
        path: Name of the file in Keras's folder of data sets, `~/.keras/datasets`.
        test_split: The part that is left to test with.
        seed: Seeds the order.
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float64 arrays of facts `(n, 13)` and of median
        prices `(n,)` in thousands of dollars.

    Raises:
        ValueError: `path` contains a folder, or `test_split` is not in [0, 1).
        FileNotFoundError: The file is not on disk and the download failed.

    Differs from Keras:
        A file with a wrong hash is named in a warning and left alone; Keras overwrites or deletes
        it.

    Source:
        D. Harrison, D. L. Rubinfeld: Hedonic housing prices and the demand for clean air, 1978.

    Example:
        >>> from torchkeras.datasets import boston_housing
        >>> (x_train, y_train), _ = boston_housing.load_data()  # doctest: +SKIP
    """
    check_test_split(test_split)
    x, y = _FILE.load(
        "Boston housing", path, lambda place, digest: read_npz(place, digest, ("x", "y"))
    )
    return given(shuffled_split(x, y, test_split, seed), as_dataset)
