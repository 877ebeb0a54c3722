"""California housing: prices in 20,640 districts of California in 1990, with 8 facts of each."""

import os
from typing import Any

from torchkeras._base.messages import one_of

from ._as_datasets import given
from ._hosted import Hosted, check_test_split, shuffled_split
from ._verified import read_npz

_SMALL = 600
_FILE = Hosted(
    "california_housing.npz", "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
)


def load_data(
    version: str = "large",
    path: str | os.PathLike[str] = "california_housing.npz",
    test_split: float = 0.2,
    seed: int | None = 113,
    *,
    as_dataset: bool = False,
) -> Any:
    """Return the California housing prices: 16,512 districts to train and 4,128 to test with.

    The columns are MedInc, HouseAge, AveRooms, AveBedrms, Population, AveOccup, Latitude and
    Longitude. A file that Keras keeps on disk is used; else it is downloaded.

    Args:
        version: `"large"` for all districts, `"small"` for the first 600 of them.
        path: Name of the file in Keras's folder of data sets, `~/.keras/datasets`.
        test_split: The part that is left to test with.
        seed: Seeds the order.
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of facts `(n, 8)` and of median prices
        `(n,)` in dollars.

    Raises:
        ValueError: `version` is neither, `path` contains a folder, or `test_split` is not in
            [0, 1).
        FileNotFoundError: The file is not on disk and the download failed.

    Differs from Keras:
        A file with a wrong hash is named in a warning and left alone; Keras overwrites or deletes
        it.

    Source:
        R. K. Pace, R. Barry: Sparse spatial autoregressions, 1997.

    Example:
        >>> from torchkeras.datasets import california_housing
        >>> (x_train, y_train), _ = california_housing.load_data("small")  # doctest: +SKIP
    """
    one_of("version", version, ("small", "large"))
    check_test_split(test_split)
    x, y = _FILE.load(
        "California housing", path, lambda place, digest: read_npz(place, digest, ("x", "y"))
    )
    rows = slice(_SMALL if version == "small" else None)
    return given(shuffled_split(x[rows], y[rows], test_split, seed), as_dataset)
