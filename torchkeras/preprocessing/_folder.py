"""Batches of images from folders, as older Keras made them."""

import os
from collections.abc import Iterator as Iterable
from pathlib import Path
from typing import Any

import numpy as np

from torchkeras._base.console import write
from torchkeras._base.messages import one_of
from torchkeras._base.settings import floatx, standardize_data_format
from torchkeras.utils.images import img_to_array, load_img

from ._iterator import SUBSETS, Changes, Iterator, Saving
from ._transform import Array

_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
_CLASS_MODES = ("categorical", "binary", "sparse", "input", None)


class DirectoryIterator(Iterator):
    """Batches of the images in a folder; see `ImageDataGenerator.flow_from_directory`.

    Args:
        directory: The folder, with a folder in it for each class.
        image_data_generator: What changes them.
        target_size: The height and width they are brought to.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`.
        classes: The names of the folders, in order; all, by their names, if not given.
        class_mode: What the targets are: `"categorical"` (one-hot), `"binary"` or `"sparse"`
            (numbers), `"input"` (the images), or `None`.
        batch_size: How many are in a batch.
        shuffle: Whether each round has an order of its own.
        seed: A seed for the order and the changes.
        data_format: `"channels_last"` or `"channels_first"`; that of the settings if not given.
        save_to_dir: A folder in which what comes out is written, to look at.
        save_prefix: What the files' names begin with.
        save_format: What they end with.
        follow_links: Whether folders behind links are read, too.
        subset: `"training"` or `"validation"`, by the generator's `validation_split`.
        interpolation: How they are resized.
        keep_aspect_ratio: Whether what does not fit is cut off, in place of a distortion.
        dtype: The dtype of the images; `floatx()` if not given.

    Example:
        >>> import tempfile
        >>> from torchkeras.preprocessing.image import DirectoryIterator, ImageDataGenerator
        >>> len(DirectoryIterator(tempfile.mkdtemp(), ImageDataGenerator()))
        Found 0 images belonging to 0 classes.
        0
    """

    def __init__(
        self,
        directory: Any,
        image_data_generator: Changes,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
    ) -> None:
        self.directory = os.fspath(directory)
        self.class_mode = one_of("class_mode", class_mode, _CLASS_MODES)
        self._take_images(
            image_data_generator, target_size, color_mode, data_format, dtype,
            interpolation=interpolation, keep_aspect_ratio=keep_aspect_ratio,
        )  # fmt: skip
        names = list(classes) if classes else _folders(self.directory)
        self.num_classes = len(names)
        self.class_indices = {name: number for number, name in enumerate(names)}
        span = part_of(subset, image_data_generator.validation_split)
        found = {name: _files(Path(self.directory, name), follow_links, span) for name in names}
        self.filenames = [os.path.relpath(f, self.directory) for name in names for f in found[name]]
        counts = [len(found[name]) for name in names]
        self.classes: Any = np.repeat(np.arange(len(names), dtype="int32"), counts)
        self.samples = len(self.filenames)
        self._saving = Saving(save_to_dir, save_prefix, save_format, self.data_format)
        write(f"Found {self.samples} images belonging to {self.num_classes} classes.\n")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _take_images(
        self,
        image_data_generator: Changes,
        target_size: tuple[int, int],
        color_mode: str,
        data_format: str | None,
        dtype: Any,
        **loading: Any,
    ) -> None:
        """Settle how images are read and changed."""
        self.image_data_generator = image_data_generator
        self.data_format = standardize_data_format(data_format)
        self.dtype = dtype or floatx()
        self.color_mode = one_of("color_mode", color_mode, _CHANNELS)
        self.target_size = tuple(target_size)
        self.image_shape = self._image_shape()
        self._loading: dict[str, Any] = {
            "color_mode": color_mode,
            "target_size": self.target_size,
            **loading,
        }

    def _image_shape(self) -> tuple[int, ...]:
        channels = (_CHANNELS[self.color_mode],)
        is_last = self.data_format == "channels_last"
        return (*self.target_size, *channels) if is_last else (*channels, *self.target_size)

    @property
    def filepaths(self) -> list[str]:
        """The paths of all files."""
        return [os.path.join(self.directory, name) for name in self.filenames]

    @property
    def labels(self) -> Any:
        """The number of the class of each file."""
        return self.classes

    def batch(self, chosen: Array) -> Any:
        images = self._images(chosen)
        if self.class_mode is None:
            return images
        return images, self._targets(images, chosen)

    def _images(self, chosen: Array) -> Array:
        images = np.zeros((len(chosen), *self.image_shape), dtype=self.dtype)
        for i, number in enumerate(chosen):
            with load_img(
                os.path.join(self.directory, self.filenames[number]), **self._loading
            ) as image:
                x = np.array(img_to_array(image, data_format=self.data_format))
            images[i] = self.image_data_generator.changed(x)
        self._saving.save(images, chosen, 1e7)
        return images

    def _targets(self, images: Array, chosen: Array) -> Array:
        if self.class_mode == "input":
            return images.copy()
        numbers = self.classes[chosen]
        if self.class_mode == "categorical":
            return np.eye(self.num_classes, dtype=self.dtype)[numbers]
        return numbers.astype(self.dtype)


def _folders(directory: str) -> list[str]:
    return sorted(path.name for path in Path(directory).iterdir() if path.is_dir())


def part_of(subset: str | None, split: float) -> tuple[float, float]:
    """Return which part of the files is read."""
    if subset is None:
        return 0.0, 1.0
    return (0.0, split) if one_of("subset", subset, SUBSETS) == "validation" else (split, 1.0)


def _files(folder: Path, follow_links: bool, span: tuple[float, float]) -> list[str]:
    found = list(_walk(folder, follow_links))
    return found[int(span[0] * len(found)) : int(span[1] * len(found))]


def _walk(folder: Path, follow_links: bool) -> Iterable[str]:
    for root, _, names in sorted(os.walk(folder, followlinks=follow_links)):
        for name in sorted(names):
            if name.lower().endswith(Iterator.white_list_formats):
                yield os.path.join(root, name)
