"""Folders of pictures as data sets."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.geometry import sizes
from torchkeras._base.messages import one_of
from torchkeras._base.settings import standardize_data_format

from .folder import Folder, Kind
from .resampling import METHODS, cropped, padded, resized

_FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}
_Fit = Callable[[Tensor], Tensor]


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: int | tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return the pictures in a folder, one folder in it for each class, as a data set of batches.

    Pictures are read on threads while the last batches are worked on.

    Args:
        directory: The folder.
        labels: `"inferred"` from the folders' names; `None`; or one integer for each file, in the
            order of the files' names.
        label_mode: `"int"`, `"categorical"` (one-hot), `"binary"` or `None` for no labels.
        class_names: The folders to use, in the order of their labels; all, by name, if not given.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`.
        batch_size: Pictures per batch; `None` for single ones.
        image_size: Height and width that pictures are resized to.
        shuffle: Whether the files are shuffled, and again in each epoch.
        seed: Seeds the order.
        validation_split: The fraction of the files for validation.
        subset: Which part is wanted: `"training"`, `"validation"`, or `"both"` for both in a list.
        interpolation: `"bilinear"`, `"nearest"`, `"bicubic"`, `"area"`, `"lanczos3"`,
            `"lanczos5"`, `"gaussian"` or `"mitchellcubic"`.
        follow_links: Whether folders that are links are entered.
        crop_to_aspect_ratio: Whether what does not fit the aspect ratio is cut off.
        pad_to_aspect_ratio: Whether what is missing to the aspect ratio is filled with zeros.
        data_format: `"channels_last"` or `"channels_first"`; that of the settings if not given.
        format: `"tf"` or `"grain"`, without effect.
        verbose: Whether the number of files is written.

    Returns:
        A data set of `(images, labels)`, or `images` without labels: float32 from 0 to 255, and
        labels int32 `(n,)`, float32 `(n, 1)` if binary, float32 `(n, classes)` if categorical. It
        has `class_names`, `file_paths`, `map`, `batch`, `unbatch`, `take`, `skip`, `cache`,
        `prefetch`, `shuffle`, `repeat`, and `ignore_errors` to leave out damaged files.

    Raises:
        ValueError: If an argument is wrong, there is no file, or, on reading, a file is damaged.

    Differs from Keras:
        It is a data set of torch, not of TensorFlow; each epoch is shuffled as a whole.

    Example:
        >>> import pathlib, tempfile, numpy, torchkeras
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for name in ("cat", "dog"):
        ...     (folder / name).mkdir()
        ...     torchkeras.utils.save_img(folder / name / "1.png", numpy.ones((9, 7, 3)))
        >>> data = torchkeras.utils.image_dataset_from_directory(folder, image_size=(8, 8))
        Found 2 files belonging to 2 classes.
        >>> [images.shape for images, labels in data], data.class_names
        ([torch.Size([2, 8, 8, 3])], ['cat', 'dog'])
    """
    mode = _MODES[one_of("color_mode", color_mode, _MODES)]
    method = one_of("interpolation", str(interpolation).lower(), METHODS)
    one_of("format", format, ("tf", "grain"))
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            "Only one of `pad_to_aspect_ratio` and `crop_to_aspect_ratio` may be True. Received: "
            "both."
        )
    height, width = sizes("image_size", image_size, 2)
    fit = partial(_fit, (height, width), method, crop_to_aspect_ratio, pad_to_aspect_ratio)
    is_last = standardize_data_format(data_format) == "channels_last"
    folder = Folder(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
        subset, follow_links, verbose,
    )  # fmt: skip
    return folder.dataset(Kind("image", _FORMATS, partial(_read, mode, fit, is_last)))


def _fit(size: tuple[int, int], method: str, crops: bool, pads: bool, image: Tensor) -> Tensor:
    if pads:
        return padded(image, size, method)
    return resized(cropped(image, size) if crops else image, size, method)


def _read(mode: str, fit: _Fit, is_last: bool, path: str) -> Tensor:
    image = fit(torch.from_numpy(_pixels(path, mode)).permute(2, 0, 1))
    return image.permute(1, 2, 0).contiguous() if is_last else image


def _pixels(path: str, mode: str) -> "np.ndarray[Any, Any]":
    """Return the uint8 pixels of a file, its first picture if it holds several."""
    from PIL import Image

    try:
        with Image.open(path) as file:
            image: Image.Image = file
            if file.mode.startswith("I;16"):
                high = (np.asarray(file).astype("uint16") >> 8).astype("uint8")
                image = Image.fromarray(high)  # Pillow would cut off what is above 255
            pixels = np.array(image.convert(mode) if image.mode != mode else image)
    except Exception as error:  # decoders raise many kinds of errors
        raise ValueError(f"{path} cannot be read as an image: {error}.") from error
    return pixels if pixels.ndim == 3 else pixels[..., None]
