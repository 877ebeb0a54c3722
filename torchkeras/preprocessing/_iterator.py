"""Batches of images from arrays, as older Keras made them."""

import math
import threading
import warnings
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

from torchkeras._base.messages import one_of, show
from torchkeras._base.settings import floatx, standardize_data_format
from torchkeras._data.py_dataset import PyDataset
from torchkeras.utils.images import array_to_img

from ._transform import Array

SUBSETS = ("training", "validation")


class Changes(Protocol):
    """What an iterator wants of the generator that it belongs to."""

    validation_split: float

    def changed(self, x: Array) -> Array:
        """Return an image after a random change and standardization."""


class Iterator(PyDataset):
    """Batches of images without end, in an order that may be shuffled for each round.

    Args:
        n: How many samples there are.
        batch_size: How many are in a batch.
        shuffle: Whether each round has an order of its own.
        seed: A seed for the order and the changes.
        **kwargs: The arguments of `PyDataset`.

    Example:
        >>> from torchkeras.preprocessing.image import Iterator
        >>> len(Iterator(10, batch_size=4, shuffle=False, seed=None))
        3
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(
        self, n: int, batch_size: int, shuffle: bool, seed: int | None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.n = n
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.batch_index = 0
        self.total_batches_seen = 0
        self.index_array: Array | None = None
        self.lock = threading.Lock()

    def __len__(self) -> int:
        return math.ceil(self.n / self.batch_size)

    def __getitem__(self, index: int) -> Any:
        if index >= len(self):
            raise ValueError(f"There are {len(self)} batches. Received: index={index}.")
        self._seed_draws()
        self.total_batches_seen += 1
        if self.index_array is None:
            self._new_order()
        return self.batch(self._part(index))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        with self.lock:
            chosen = self._next_part()
        return self.batch(chosen)

    def _next_part(self) -> Array:
        self._seed_draws()
        if self.batch_index == 0:
            self._new_order()
        chosen = self._part(self.batch_index)
        self.batch_index = (self.batch_index + 1) % max(len(self), 1)
        self.total_batches_seen += 1
        return chosen

    def _part(self, index: int) -> Array:
        assert self.index_array is not None
        return self.index_array[self.batch_size * index : self.batch_size * (index + 1)]

    def _seed_draws(self) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)  # noqa: NPY002 - Keras's numbers

    def _new_order(self) -> None:
        order = np.random.permutation if self.shuffle else np.arange
        self.index_array = order(self.n)

    def on_epoch_end(self) -> None:
        """Draw the order of the next round."""
        self._new_order()

    def reset(self) -> None:
        """Begin a new round with the next batch."""
        self.batch_index = 0

    def batch(self, chosen: Array) -> Any:
        """Make a batch.

        Args:
            chosen: The numbers of its samples.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `batch(self, chosen)`.")


class Saving:
    """Writes batches of images into a folder, to look at.

    Args:
        folder: The folder, or `None` for none.
        prefix: What the files' names begin with.
        file_format: What they end with.
        data_format: Where the channels are.
    """

    def __init__(self, folder: Any, prefix: str, file_format: str, data_format: str | None) -> None:
        self._folder = folder
        self._prefix = prefix
        self._format = file_format
        self._data_format = data_format

    def save(self, images: Array, chosen: Array, most: float) -> None:
        """Write a batch.

        Args:
            images: The images.
            chosen: Their numbers.
            most: How many names there are for each.
        """
        if not self._folder:
            return
        for image, number in zip(images, chosen, strict=True):
            mark = np.random.randint(int(most))  # noqa: NPY002
            name = f"{self._prefix}_{number}_{mark}.{self._format}"
            array_to_img(image, self._data_format, scale=True).save(Path(self._folder) / name)


class NumpyArrayIterator(Iterator):
    """Batches of the images in an array, changed at random; see `ImageDataGenerator.flow`.

    Args:
        x: The images, or a list of them and of further arrays.
        y: The targets, or `None`.
        image_data_generator: What changes them.
        batch_size: How many are in a batch.
        shuffle: Whether each round has an order of its own.
        sample_weight: A weight for each, or `None`.
        seed: A seed for the order and the changes.
        data_format: `"channels_last"` or `"channels_first"`; that of the settings if not given.
        save_to_dir: A folder in which what comes out is written, to look at.
        save_prefix: What the files' names begin with.
        save_format: What they end with.
        subset: `"training"` or `"validation"`, by the generator's `validation_split`.
        ignore_class_split: Whether the two subsets may have different classes.
        dtype: The dtype of the images; `floatx()` if not given.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import ImageDataGenerator, NumpyArrayIterator
        >>> images = NumpyArrayIterator(numpy.ones((5, 4, 4, 1)), None, ImageDataGenerator())
        >>> images[0].shape
        (5, 4, 4, 1)
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Changes,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: Any = None,
    ) -> None:
        self.image_data_generator = image_data_generator
        self.data_format = standardize_data_format(data_format)
        self.dtype = dtype or floatx()
        x, more = _parts(x)
        for name, other in [("y", y), ("sample_weight", sample_weight), *more]:
            _check_length(name, other, len(x))
        if subset is not None:
            cut = int(len(x) * image_data_generator.validation_split)
            if y is not None and not ignore_class_split:
                _check_classes(np.asarray(y), cut)
            part = (
                slice(cut)
                if one_of("subset", subset, SUBSETS) == "validation"
                else slice(cut, None)
            )
            x, y = x[part], None if y is None else y[part]
            more = [(name, other[part]) for name, other in more]
        self.x = np.asarray(x, dtype=self.dtype)
        self.x_misc = [other for _, other in more]
        self.y = None if y is None else np.asarray(y)
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)
        check_images(self.x, self.data_format)
        self._saving = Saving(save_to_dir, save_prefix, save_format, self.data_format)
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def batch(self, chosen: Array) -> Any:
        images = np.zeros((len(chosen), *self.x.shape[1:]), dtype=self.dtype)
        for i, number in enumerate(chosen):
            images[i] = self.image_data_generator.changed(self.x[number].copy())
        self._saving.save(images, chosen, 1e4)
        inputs = [images, *(other[chosen] for other in self.x_misc)] if self.x_misc else images
        if self.y is None:
            return inputs
        if self.sample_weight is None:
            return inputs, self.y[chosen]
        return inputs, self.y[chosen], self.sample_weight[chosen]


def _parts(x: Any) -> tuple[Any, list[tuple[str, Array]]]:
    """Return the images, and the further arrays that came with them."""
    if not isinstance(x, (tuple, list)):
        return x, []
    others = x[1] if isinstance(x[1], list) else [x[1]]
    return x[0], [("x[1]", np.asarray(other)) for other in others]


def _check_length(name: str, other: Any, length: int) -> None:
    if other is not None and len(other) != length:
        raise ValueError(
            f"There must be as many of `{name}` as images. Received: {len(other)} and {length}."
        )


def _check_classes(y: Array, cut: int) -> None:
    if not np.array_equal(np.unique(y[:cut]), np.unique(y[cut:])):
        raise ValueError(
            "The training and validation subsets have different classes. Shuffle the arrays "
            "first: the validation subset is their beginning."
        )


def check_images(x: Array, data_format: str) -> None:
    """Refuse what is no batch of images, and warn of an odd number of channels.

    Args:
        x: The images.
        data_format: Where the channels are.
    """
    if x.ndim != 4:
        raise ValueError(f"The images must be an array of four axes. Received: {show(x)}.")
    channels = x.shape[3 if data_format == "channels_last" else 1]
    if channels not in (1, 3, 4):
        warnings.warn(
            f"Images have 1, 3 or 4 channels; these have {channels} with "
            f"`data_format={data_format!r}`.",
            stacklevel=4,
        )
