"""`ImageDataGenerator`: random changes of images, as older Keras made them."""

import warnings
from typing import Any

import numpy as np

from torchkeras._base.settings import floatx, standardize_data_format

from ._folder import DirectoryIterator
from ._frame import DataFrameIterator
from ._iterator import NumpyArrayIterator, check_images
from ._transform import (
    Array,
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    flip_axis,
    two,
    uniform,
)


class ImageDataGenerator:
    """Makes batches of images that are changed at random.

    New programs use layers such as `layers.RandomFlip`, or `torchvision.transforms.v2`.

    Args:
        featurewise_center: Whether the mean of all, by channel, becomes 0; call `fit` before.
        samplewise_center: Whether the mean of each becomes 0.
        featurewise_std_normalization: Whether the deviation of all becomes 1; call `fit` before.
        samplewise_std_normalization: Whether the deviation of each becomes 1.
        zca_whitening: Whether pixels are made uncorrelated; call `fit` before.
        zca_epsilon: What is added to the singular values there.
        rotation_range: The largest angle of a turn, in degrees.
        width_shift_range: The largest shift to the side: a part of the width if it is below 1, or
            a list of shifts.
        height_shift_range: The largest shift up or down, in the same way.
        brightness_range: The least and the largest factor of brightness.
        shear_range: The largest angle of a shear, in degrees.
        zoom_range: The least and the largest zoom, or how much it may differ from 1.
        channel_shift_range: The largest number added to all values.
        fill_mode: What lies beyond the edges: `"nearest"`, `"constant"`, `"reflect"` or `"wrap"`.
        cval: The value beyond the edges, with `"constant"`.
        horizontal_flip: Whether half of the images are flipped sideways.
        vertical_flip: Whether half of them are flipped upside down.
        rescale: What values are multiplied by, after the random changes.
        preprocessing_function: A function of an image, called after the random changes.
        data_format: `"channels_last"` or `"channels_first"`; that of the settings if not given.
        validation_split: Which part of the images is the subset `"validation"`.
        interpolation_order: The order of the splines that lie between pixels.
        dtype: The dtype of the images; `floatx()` if not given.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import ImageDataGenerator
        >>> generator = ImageDataGenerator(horizontal_flip=True, rescale=1 / 255)
        >>> images, labels = next(generator.flow(numpy.ones((8, 4, 4, 3)), range(8), batch_size=4))
        >>> images.shape, labels.shape
        ((4, 4, 4, 3), (4,))
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Any = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(
                "`validation_split` must be between 0 and 1. "
                f"Received: validation_split={validation_split!r}."
            )
        self.samplewise_std_normalization = samplewise_std_normalization
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization and not zca_whitening
        self.featurewise_center = (
            featurewise_center or zca_whitening or featurewise_std_normalization
        )
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = brightness_range and two("brightness_range", brightness_range)
        self.shear_range = shear_range
        self.zoom_range = _zooms(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.data_format = standardize_data_format(data_format)
        self.validation_split = validation_split
        self.interpolation_order = interpolation_order
        self.dtype = dtype or floatx()
        self.mean: Any = None
        self.std: Any = None
        self.zca_whitening_matrix: Any = None
        is_last = self.data_format == "channels_last"
        self.channel_axis, self.row_axis, self.col_axis = (3, 1, 2) if is_last else (1, 2, 3)
        self._warn_of_overrides(
            featurewise_center, samplewise_center, featurewise_std_normalization
        )

    def _warn_of_overrides(self, centers: bool, centers_each: bool, normalizes: bool) -> None:
        cause = "zca_whitening" if self.zca_whitening else "featurewise_std_normalization"
        if self.featurewise_center and not centers:
            _warn(f"`{cause}` sets `featurewise_center`, too.")
        if self.zca_whitening and normalizes:
            _warn("`zca_whitening` takes `featurewise_std_normalization` back.")
        if self.samplewise_center and not centers_each:
            _warn("`samplewise_std_normalization` sets `samplewise_center`, too.")

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Return batches of the images in an array.

        Args:
            x: The images, or a list of them and of further arrays.
            y: The targets, or `None`.
            batch_size: How many are in a batch.
            shuffle: Whether each round has an order of its own.
            sample_weight: A weight for each, or `None`.
            seed: A seed for the order and the changes.
            save_to_dir: A folder in which what comes out is written, to look at.
            save_prefix: What the files' names begin with.
            save_format: What they end with.
            ignore_class_split: Whether the two subsets may have different classes.
            subset: `"training"` or `"validation"`, by `validation_split`.
        """
        options = {
            name: value for name, value in locals().items() if name not in ("self", "x", "y")
        }
        return NumpyArrayIterator(
            x, y, self, **options, data_format=self.data_format, dtype=self.dtype
        )

    def flow_from_directory(
        self,
        directory: Any,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Return batches of the images in a folder, which has a folder in it for each class.

        Args:
            directory: The folder.
            target_size: The height and width they are brought to.
            color_mode: `"rgb"`, `"rgba"` or `"grayscale"`.
            classes: The names of the folders, in order; all, by their names, if not given.
            class_mode: What the targets are: `"categorical"` (one-hot), `"binary"` or `"sparse"`
                (numbers), `"input"` (the images), or `None`.
            batch_size: How many are in a batch.
            shuffle: Whether each round has an order of its own.
            seed: A seed for the order and the changes.
            save_to_dir: A folder in which what comes out is written, to look at.
            save_prefix: What the files' names begin with.
            save_format: What they end with.
            follow_links: Whether folders behind links are read, too.
            subset: `"training"` or `"validation"`, by `validation_split`.
            interpolation: How they are resized.
            keep_aspect_ratio: Whether what does not fit is cut off, in place of a distortion.
        """
        options = {
            name: value for name, value in locals().items() if name not in ("self", "directory")
        }
        return DirectoryIterator(
            directory, self, **options, data_format=self.data_format, dtype=self.dtype
        )

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
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
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        **kwargs: Any,
    ) -> DataFrameIterator:
        """Return batches of the images that a table of pandas names.

        Args:
            dataframe: The table.
            directory: The folder of the files; their paths are whole ones if not given.
            x_col: The column of the files.
            y_col: The column of the targets, or a list of columns.
            weight_col: The column of the samples' weights.
            target_size: The height and width they are brought to.
            color_mode: `"rgb"`, `"rgba"` or `"grayscale"`.
            classes: The classes, in order; all, by their names, if not given.
            class_mode: What the targets are: `"categorical"` (one-hot, or several-hot for lists of
                classes), `"binary"` or `"sparse"` (numbers), `"raw"` (the values), `"multi_output"`
                (a list of them for each column), `"input"` (the images), or `None`.
            batch_size: How many are in a batch.
            shuffle: Whether each round has an order of its own.
            seed: A seed for the order and the changes.
            save_to_dir: A folder in which what comes out is written, to look at.
            save_prefix: What the files' names begin with.
            save_format: What they end with.
            subset: `"training"` or `"validation"`, by `validation_split`.
            interpolation: How they are resized.
            validate_filenames: Whether rows whose file is missing are left out, with a warning.
            **kwargs: `keep_aspect_ratio`.
        """
        options = {
            name: value
            for name, value in locals().items()
            if name not in ("self", "dataframe", "kwargs")
        }
        return DataFrameIterator(
            dataframe, image_data_generator=self, data_format=self.data_format, dtype=self.dtype,
            **options, **kwargs,
        )  # fmt: skip

    # One image

    def changed(self, x: Array) -> Array:
        """Return an image after a random change and standardization.

        Args:
            x: The image, which may be overwritten.
        """
        return self.standardize(self.random_transform(x))

    def standardize(self, x: Array) -> Array:
        """Rescale, centre, normalize and whiten an image or a batch, in place where possible.

        Args:
            x: The image.
        """
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + 1e-6
        if self.featurewise_center and self._is_fitted("featurewise_center", self.mean):
            x -= self.mean
        if self.featurewise_std_normalization and self._is_fitted(
            "featurewise_std_normalization", self.std
        ):
            x /= self.std + 1e-6
        if self.zca_whitening and self._is_fitted("zca_whitening", self.zca_whitening_matrix):
            flat = x.reshape(-1, int(np.prod(x.shape[-3:])))
            x = (flat @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def _is_fitted(self, what: str, found: Any) -> bool:
        if found is None:
            _warn(f"`{what}` has no effect before `fit(images)` is called.")
        return found is not None

    def get_random_transform(self, img_shape: tuple[int, ...], seed: int | None = None) -> Any:
        """Draw a change, as a dictionary for `apply_transform`.

        Args:
            img_shape: The shape of the image.
            seed: A seed for NumPy's generator.
        """
        if seed is not None:
            np.random.seed(seed)  # noqa: NPY002 - Keras's numbers
        either = np.random.random
        drawn: dict[str, Any] = {"theta": _spread(self.rotation_range)}
        drawn["tx"] = _shift(self.height_shift_range, img_shape[self.row_axis - 1])
        drawn["ty"] = _shift(self.width_shift_range, img_shape[self.col_axis - 1])
        drawn["shear"] = _spread(self.shear_range)
        low, high = self.zoom_range
        drawn["zx"], drawn["zy"] = (1, 1) if low == high == 1 else uniform(low, high, 2)
        drawn["flip_horizontal"] = (either() < 0.5) * self.horizontal_flip
        drawn["flip_vertical"] = (either() < 0.5) * self.vertical_flip
        shifts, brightness = self.channel_shift_range, self.brightness_range
        drawn["channel_shift_intensity"] = uniform(-shifts, shifts) if shifts else None
        drawn["brightness"] = uniform(*brightness) if brightness is not None else None
        return drawn

    def apply_transform(self, x: Array, transform_parameters: Any) -> Array:
        """Change an image in a given way.

        Args:
            x: The image.
            transform_parameters: What `get_random_transform` draws: any of `theta`, `tx`, `ty`,
                `shear`, `zx`, `zy`, `flip_horizontal`, `flip_vertical`, `channel_shift_intensity`
                and `brightness`.
        """
        given = transform_parameters
        affine = {name: given[name] for name in _AFFINE if name in given}
        row, column, channel = (a - 1 for a in (self.row_axis, self.col_axis, self.channel_axis))
        where: dict[str, Any] = {"row_axis": row, "col_axis": column, "channel_axis": channel}
        where |= {"fill_mode": self.fill_mode, "cval": self.cval}
        x = apply_affine_transform(x, **affine, **where, order=self.interpolation_order)
        if given.get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, given["channel_shift_intensity"], channel)
        if given.get("flip_horizontal", False):
            x = flip_axis(x, column)
        if given.get("flip_vertical", False):
            x = flip_axis(x, row)
        if given.get("brightness") is not None:
            x = apply_brightness_shift(x, given["brightness"], scale=False)
        return x

    def random_transform(self, x: Array, seed: int | None = None) -> Array:
        """Change an image at random.

        Args:
            x: The image.
            seed: A seed for NumPy's generator.
        """
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    # All images

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Measure the mean, deviation and correlations that standardization needs.

        Args:
            x: Images.
            augment: Whether they are changed at random before.
            rounds: How often all of them are changed.
            seed: A seed for NumPy's generator.
        """
        x = np.array(x, dtype=self.dtype)
        check_images(x, self.data_format)
        if seed is not None:
            np.random.seed(seed)  # noqa: NPY002 - Keras's numbers
        if self.rescale:
            x *= self.rescale
        if augment:
            x = np.stack([self.random_transform(image) for _ in range(rounds) for image in x])
        axes, shape = (0, self.row_axis, self.col_axis), [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes).reshape(shape)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes).reshape(shape)
            x /= self.std + 1e-6
        if self.zca_whitening:
            self.zca_whitening_matrix = _whitening(x.reshape(len(x), -1), self.zca_epsilon)


_AFFINE = ("theta", "tx", "ty", "shear", "zx", "zy")


def _whitening(flat: Array, epsilon: float) -> Array:
    vectors, values, _ = np.linalg.svd(flat.T, full_matrices=False)
    return (vectors * (np.sqrt(len(flat)) / (values + epsilon))) @ vectors.T


def _zooms(zoom_range: Any) -> tuple[float, float]:
    if isinstance(zoom_range, (int, float)):
        return 1 - zoom_range, 1 + zoom_range
    return two("zoom_range", zoom_range)


def _spread(largest: float) -> Any:
    return uniform(-largest, largest) if largest else 0


def _shift(largest: Any, size: int) -> Any:
    """Draw a shift in pixels: from a list, from whole numbers below an integer, or evenly."""
    if not np.any(largest):
        return 0
    if isinstance(largest, float):
        shift = uniform(-largest, largest)
    else:
        shift = np.random.choice(largest) * np.random.choice([-1, 1])  # noqa: NPY002
    return shift * size if np.max(largest) < 1 else shift


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=4)
