"""Fashion-MNIST: 70,000 pictures of clothes of 28x28 grey pixels."""

import os
from functools import partial
from typing import Any

from ._as_datasets import given
from ._idx import IdxFile, IdxSet
from ._places import DEBIAN_FASHION_MNIST, keras_folders, vision_roots
from ._search import Source, find
from ._vision import download

_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_IDX = IdxSet(
    train=(
        IdxFile(
            "train-images-idx3-ubyte",
            (60000, 28, 28),
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        IdxFile(
            "train-labels-idx1-ubyte",
            (60000,),
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
    ),
    test=(
        IdxFile(
            "t10k-images-idx3-ubyte",
            (10000, 28, 28),
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        ),
        IdxFile(
            "t10k-labels-idx1-ubyte",
            (10000,),
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
)


def load_data(*, as_dataset: bool = False) -> Any:
    """Return Fashion-MNIST: 60,000 pictures to train and 10,000 to test with.

    Files that Keras or torchvision keeps on disk, or Debian's package `dataset-fashion-mnist`,
    are used; else torchvision downloads them.

    The classes are 0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt,
    7 sneaker, 8 bag, 9 ankle boot.

    Args:
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of images `(n, 28, 28)`, 0 to 255,
        and of labels `(n,)`, 0 to 9.

    Raises:
        FileNotFoundError: The data is not on disk and the download failed.
        ImportError: The data is not on disk and torchvision cannot be imported.

    Differs from Keras:
        The arrays are writable. The content of the files is verified.

    Source:
        H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, arXiv:1708.07747. MIT licence, Zalando SE.

    Example:
        >>> from torchkeras.datasets import fashion_mnist
        >>> (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()  # doctest: +SKIP
    """
    keras = [folder / "fashion-mnist" for folder in keras_folders()]
    raw = [root / "FashionMNIST" / "raw" for root in vision_roots()]
    return given(
        find(
            "Fashion-MNIST",
            [Source(place, _IDX.read) for place in (*keras, *raw, DEBIAN_FASHION_MNIST)],
            partial(download, "FashionMNIST", "FashionMNIST/raw", _IDX.read),
            put=[
                f"{keras[0]}{os.sep}  with {_IDX.names}, each as .gz  (from {_URL})",
                f"{raw[0]}{os.sep}  with the same four, unpacked",
                "Debian's package dataset-fashion-mnist",
            ],
        ),
        as_dataset,
    )
