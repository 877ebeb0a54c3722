"""MNIST: 70,000 handwritten digits of 28x28 grey pixels."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from ._as_datasets import given
from ._idx import IdxFile, IdxSet
from ._places import file_name, keras_folders, vision_roots
from ._search import Source, Splits, find
from ._verified import read_npz
from ._vision import download

_NAME = "mnist.npz"
_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
_IDX = IdxSet(
    train=(
        IdxFile(
            "train-images-idx3-ubyte",
            (60000, 28, 28),
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        IdxFile(
            "train-labels-idx1-ubyte",
            (60000,),
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    test=(
        IdxFile(
            "t10k-images-idx3-ubyte",
            (10000, 28, 28),
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        IdxFile(
            "t10k-labels-idx1-ubyte",
            (10000,),
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
)


def load_data(path: str | os.PathLike[str] = _NAME, *, as_dataset: bool = False) -> Any:
    """Return MNIST: 60,000 digits to train and 10,000 to test with.

    Files that Keras or torchvision keeps on disk are used; else torchvision downloads them.

    Args:
        path: Name of the file in Keras's folder of data sets, `~/.keras/datasets`.
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of images `(n, 28, 28)`, 0 to 255,
        and of labels `(n,)`, 0 to 9.

    Raises:
        ValueError: `path` contains a folder.
        FileNotFoundError: The data is not on disk and the download failed.
        ImportError: The data is not on disk and torchvision cannot be imported.

    Differs from Keras:
        A file with a wrong hash is named in a warning and skipped; Keras overwrites or deletes
        it. The download is torchvision's, with the same digits in the same order.

    Source:
        Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits. CC BY-SA
        3.0.

    Example:
        >>> from torchkeras.datasets import mnist
        >>> (x_train, y_train), (x_test, y_test) = mnist.load_data()  # doctest: +SKIP
    """
    name = file_name("path", path, _NAME)
    npz = [folder / name for folder in keras_folders()]
    raw = [root / "MNIST" / "raw" for root in vision_roots()]
    return given(
        find(
            "MNIST",
            [Source(place, _read_npz) for place in npz]
            + [Source(place, _IDX.read) for place in raw],
            partial(download, "MNIST", "MNIST/raw", _IDX.read),
            put=[f"{npz[0]}  (from {_URL})", f"{raw[0]}{os.sep}  with {_IDX.names}"],
        ),
        as_dataset,
    )


def _read_npz(path: Path) -> Splits:
    names = ("x_train", "y_train", "x_test", "y_test")
    x_train, y_train, x_test, y_test = read_npz(path, _SHA256, names)
    return (x_train, y_train), (x_test, y_test)
