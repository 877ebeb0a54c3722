"""CIFAR-100: 60,000 colour photographs of 32x32 pixels in 100 classes, grouped in 20."""

from typing import Any

from torchkeras._base.messages import one_of

from ._as_datasets import given
from ._cifar import Batch, CifarSet, Labels
from ._search import find

_FILES = CifarSet(
    vision_class="CIFAR100",
    folder="cifar-100-python",
    archive="cifar-100-python.tar.gz",
    archive_sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    train=(Batch("train", "16019d7e3df5f24257cddd939b257f8d"),),
    test=(Batch("test", "f0ef6b0ae62326f3e7ffdfab6717acfc"),),
)


def load_data(label_mode: str = "fine", *, as_dataset: bool = False) -> Any:
    """Return CIFAR-100: 50,000 photographs to train and 10,000 to test with.

    Files that Keras or torchvision keeps on disk are used, unpacked or not; else torchvision
    downloads them.

    Args:
        label_mode: `"fine"` for the 100 classes, `"coarse"` for the 20 groups of them.
        as_dataset: Whether each part comes as a torch `Dataset` of pairs, in place of arrays.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 arrays of images `(n, 32, 32, 3)`, 0 to
        255, and int64 arrays of labels `(n, 1)`, 0 to 99 or 0 to 19. Under the setting
        `"channels_first"` the images are `(n, 3, 32, 32)`.

    Raises:
        ValueError: `label_mode` is neither, or a file is a pickle that holds more than arrays
            and plain values.
        FileNotFoundError: The data is not on disk and the download failed.
        ImportError: The data is not on disk and torchvision cannot be imported.

    Differs from Keras:
        The images are contiguous, not a transposed view. A file with a wrong hash is named in
        a warning and skipped; Keras overwrites or deletes it. The archive is not unpacked anew
        on every call.

    Source:
        A. Krizhevsky: Learning multiple layers of features from tiny images, 2009.

    Example:
        >>> from torchkeras.datasets import cifar100
        >>> (x_train, y_train), (x_test, y_test) = cifar100.load_data()  # doctest: +SKIP
    """
    labels = Labels(f"{one_of('label_mode', label_mode, ('fine', 'coarse'))}_labels", "int64")
    sources, download = _FILES.sources(labels), _FILES.download(labels)
    return given(find("CIFAR-100", sources, download, _FILES.put()), as_dataset)
