"""Batches of images that a table names, as older Keras made them."""

import os
import warnings
from typing import Any

import numpy as np

from torchkeras._base.console import write
from torchkeras._base.messages import one_of

from ._folder import DirectoryIterator, part_of
from ._iterator import Changes, Iterator, Saving
from ._transform import Array

_WITH_CLASSES = ("binary", "categorical", "sparse")
_MODES = (*_WITH_CLASSES, "input", "multi_output", "raw", None)


class DataFrameIterator(DirectoryIterator):
    """Batches of the images that a table names; see `ImageDataGenerator.flow_from_dataframe`.

    Args:
        dataframe: A table of pandas.
        directory: The folder of the files; their paths are whole ones if not given.
        image_data_generator: What changes the images.
        x_col: The column of the files.
        y_col: The column of the targets, or a list of columns.
        weight_col: The column of the samples' weights.
        target_size: The height and width they are brought to.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`.
        classes: The classes, in order; all, by their names, if not given.
        class_mode: `"categorical"`, `"binary"`, `"sparse"`, `"raw"`, `"multi_output"`, `"input"` or
            `None`.
        batch_size: How many are in a batch.
        shuffle: Whether each round has an order of its own.
        seed: A seed for the order and the changes.
        data_format: `"channels_last"` or `"channels_first"`; that of the settings if not given.
        save_to_dir: A folder in which what comes out is written, to look at.
        save_prefix: What the files' names begin with.
        save_format: What they end with.
        subset: `"training"` or `"validation"`, by the generator's `validation_split`.
        interpolation: How they are resized.
        keep_aspect_ratio: Whether what does not fit is cut off, in place of a distortion.
        dtype: The dtype of the images; `floatx()` if not given.
        validate_filenames: Whether rows whose file is missing are left out, with a warning.

    Raises:
        TypeError: If a column holds something else than it should.
        ValueError: If `class_mode` is unknown, or a binary column has not two classes.

    Example:
        >>> import pandas
        >>> from torchkeras.preprocessing.image import DataFrameIterator, ImageDataGenerator
        >>> table = pandas.DataFrame({"filename": ["a.png", "b.png"], "class": ["cat", "dog"]})
        >>> batches = DataFrameIterator(
        ...     table, image_data_generator=ImageDataGenerator(), validate_filenames=False
        ... )
        Found 2 non-validated image filenames belonging to 2 classes.
    """

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Changes | None = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
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
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
        validate_filenames: bool = True,
    ) -> None:
        if image_data_generator is None:
            raise ValueError("`image_data_generator` is missing: an `ImageDataGenerator`.")
        self.directory = os.fspath(directory or "")
        self.class_mode = one_of("class_mode", class_mode, _MODES)
        self._take_images(
            image_data_generator, target_size, color_mode, data_format, dtype,
            interpolation=interpolation, keep_aspect_ratio=keep_aspect_ratio,
        )  # fmt: skip
        table = dataframe.copy()
        self._check(table, x_col, y_col, weight_col, classes)
        if validate_filenames:
            table = self._with_files(table, x_col)
        if self.class_mode in _WITH_CLASSES:
            table, found = _of_classes(table, y_col, classes)
            self.class_indices = {name: number for number, name in enumerate(found)}
            self.num_classes = len(found)
        start, stop = (
            int(part * len(table))
            for part in part_of(subset, image_data_generator.validation_split)
        )
        table = table.iloc[start:stop]
        self._read(table, x_col, y_col, weight_col)
        self._saving = Saving(save_to_dir, save_prefix, save_format, self.data_format)
        self._tell("validated" if validate_filenames else "non-validated")
        Iterator.__init__(self, self.samples, batch_size, shuffle, seed)

    def _check(self, table: Any, x_col: str, y_col: Any, weight_col: Any, classes: Any) -> None:
        mode = self.class_mode
        if mode == "multi_output" and not isinstance(y_col, list):
            raise TypeError(f'If class_mode="{mode}", y_col must be a list. Received: {y_col!r}.')
        if not all(isinstance(name, str) for name in table[x_col]):
            raise TypeError(f"All values in column x_col={x_col} must be strings.")
        kinds: Any = (str, list, tuple) if mode == "categorical" else str
        if mode in _WITH_CLASSES and not all(isinstance(value, kinds) for value in table[y_col]):
            wanted = "string, list or tuple" if mode == "categorical" else "string"
            raise TypeError(
                f'If class_mode="{mode}", y_col="{y_col}" column values must be type {wanted}. '
                'Use `table[column].astype(str)`, or class_mode="raw" for numbers.'
            )
        count = len(set(classes or table[y_col])) if mode == "binary" else 2
        if count != 2:
            raise ValueError(
                f'If class_mode="binary" there must be 2 classes. Found {count} classes.'
            )
        if weight_col and table[weight_col].dtype.kind not in "iuf":
            raise TypeError(f"Column weight_col={weight_col} must be numeric.")
        if classes and mode not in _WITH_CLASSES:
            warnings.warn(f'`classes` will be ignored given the class_mode="{mode}".', stacklevel=4)

    def _with_files(self, table: Any, x_col: str) -> Any:
        """Return the rows whose file is there."""
        paths = [os.path.join(self.directory, name) for name in table[x_col]]
        there = np.array([p.lower().endswith(self.white_list_formats) and os.path.isfile(p)
                          for p in paths], dtype=bool)  # fmt: skip
        if not there.all():
            warnings.warn(
                f'Found {(~there).sum()} invalid image filename(s) in x_col="{x_col}". These '
                "filename(s) will be ignored.",
                stacklevel=4,
            )
        return table[there]

    def _read(self, table: Any, x_col: str, y_col: Any, weight_col: str | None) -> None:
        self.filenames = table[x_col].tolist()
        self.samples = len(self.filenames)
        self.sample_weight = table[weight_col].to_numpy() if weight_col else None
        if self.class_mode in _WITH_CLASSES:
            self.classes = [_numbers(value, self.class_indices) for value in table[y_col]]
        elif self.class_mode == "multi_output":
            self.classes = [np.array(table[column].tolist()) for column in y_col]
        elif self.class_mode == "raw":
            self.classes = table[y_col].to_numpy()

    def _tell(self, validated: str) -> None:
        known = self.class_mode in _WITH_CLASSES
        classes = f" belonging to {self.num_classes} classes" if known else ""
        write(f"Found {self.samples} {validated} image filenames{classes}.\n")

    def batch(self, chosen: Array) -> Any:
        made = super().batch(chosen)
        if self.sample_weight is None or self.class_mode is None:
            return made
        return (*made, self.sample_weight[chosen])

    def _targets(self, images: Array, chosen: Array) -> Any:
        if self.class_mode == "input":
            return images.copy()
        if self.class_mode == "multi_output":
            return [column[chosen] for column in self.classes]
        if self.class_mode == "raw":
            return self.classes[chosen]
        if self.class_mode != "categorical":
            return np.array([self.classes[number] for number in chosen], dtype=self.dtype)
        hot = np.zeros((len(chosen), self.num_classes), dtype=self.dtype)
        for row, number in enumerate(chosen):
            hot[row, self.classes[number]] = 1.0
        return hot


def _numbers(value: Any, numbers: dict[str, int]) -> Any:
    return [numbers[v] for v in value] if isinstance(value, (list, tuple)) else numbers[value]


def _of_classes(table: Any, y_col: str, classes: Any) -> tuple[Any, list[str]]:
    """Return the rows that have some of the classes, and the classes."""
    listed = [value if isinstance(value, (list, tuple)) else [value] for value in table[y_col]]
    if not classes:
        return table, sorted({name for names in listed for name in names})
    kept = [[name for name in names if name in classes] for names in listed]
    values = [
        found if isinstance(value, (list, tuple)) else (found or [None])[0]
        for value, found in zip(table[y_col], kept, strict=True)
    ]
    column = table[y_col].copy()
    for place, value in enumerate(values):
        column.iat[place] = value
    there = np.array([bool(found) for found in kept], dtype=bool)
    return table.assign(**{y_col: column})[there], list(dict.fromkeys(classes))
