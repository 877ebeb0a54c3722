"""CIFAR-10: 60,000 colour photographs of 32x32 pixels in ten classes."""

from typing import Any

from ._as_datasets import given
from ._cifar import Batch, CifarSet, Labels
from ._search import find

_FILES = CifarSet(
    vision_class="CIFAR10",
    folder="cifar-10-batches-py",
    archive="cifar-10-python.tar.gz",
    archive_sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    train=(
        Batch("data_batch_1", "c99cafc152244af753f735de768cd75f"),
        Batch("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
        Batch("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
        Batch("data_batch_4", "634d18415352ddfa80567beed471001a"),
        Batch("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
    ),
    test=(Batch("test_batch", "40351d587109b95175f43aff81a1287e"),),
)
_LABELS = Labels("labels", "uint8")


def load_data(*, as_dataset: bool = False) -> Any:
    """Return CIFAR-10: 50,000 photographs to train and 10,000 to test with.

    Files that Keras or torchvision keeps on disk are used, unpacked or not; else torchvision
    downloads them.

    The classes are 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse,
    8 ship, 9 truck.

    Args:
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of images `(n, 32, 32, 3)`, 0 to
        255, and of labels `(n, 1)`, 0 to 9. Under the setting `"channels_first"` the images are
        `(n, 3, 32, 32)`.

    Raises:
        FileNotFoundError: The data is not on disk and the download failed.
        ImportError: The data is not on disk and torchvision cannot be imported.
        ValueError: A file is a pickle that holds more than arrays and plain values.

    Differs from Keras:
        The images are contiguous, not a transposed view. A file with a wrong hash is named in
        a warning and skipped; Keras overwrites or deletes it. The archive is not unpacked anew
        on every call.

    Source:
        A. Krizhevsky: Learning multiple layers of features from tiny images, 2009.

    Example:
        >>> from torchkeras.datasets import cifar10
        >>> (x_train, y_train), (x_test, y_test) = cifar10.load_data()  # doctest: +SKIP
    """
    sources, download = _FILES.sources(_LABELS), _FILES.download(_LABELS)
    return given(find("CIFAR-10", sources, download, _FILES.put()), as_dataset)
