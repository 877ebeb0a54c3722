"""Images as files, Pillow images and arrays."""

import io
import os
import warnings
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from torchkeras import ops
from torchkeras._base.messages import one_of, show
from torchkeras._base.settings import floatx, standardize_data_format

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_Array = np.ndarray[Any, Any]
_METHODS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_GRAY = ("L", "I;16", "I")


def load_img(
    path: str | bytes | Path | io.BytesIO,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> "Picture":
    """Return the image in a file as a Pillow image.

    Args:
        path: The file, or its bytes in memory.
        color_mode: What it is turned into: `"rgb"`, `"rgba"` or `"grayscale"`.
        target_size: Height and width that it is resized to.
        interpolation: How it is resized: `"nearest"`, `"bilinear"`, `"bicubic"`, `"hamming"`,
            `"box"` or `"lanczos"`.
        keep_aspect_ratio: Whether what does not fit is cut off at the edges, in place of a
            distortion.

    Example:
        >>> import io, numpy, torchkeras
        >>> file = io.BytesIO()
        >>> torchkeras.utils.save_img(file, numpy.ones((4, 6, 3)), file_format="png")
        >>> torchkeras.utils.load_img(file, target_size=(2, 3)).size
        (3, 2)
    """
    mode = _MODES[one_of("color_mode", color_mode, _MODES)]
    image = _opened(path)
    is_gray = mode == "L" and image.mode in _GRAY  # 16 and 32 bits are kept
    if image.mode != mode and not is_gray:
        image = image.convert(mode)
    if target_size is None or image.size == (target_size[1], target_size[0]):
        return image
    from PIL.Image import Resampling

    resample = Resampling[one_of("interpolation", interpolation, _METHODS).upper()]
    height, width = target_size
    box = _centre(image.size, width, height) if keep_aspect_ratio else None
    return image.resize((width, height), resample, box=box)


def _opened(path: Any) -> "Picture":
    if isinstance(path, io.BytesIO):
        return _picture(path, "A picture")
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise TypeError(
            "`path` must be a path or a `io.BytesIO`. "
            f"Received: path={show(path)} (of type {type(path).__name__})."
        )
    with open(path, "rb") as file:
        return _picture(io.BytesIO(file.read()), os.fsdecode(path))


def _picture(content: io.BytesIO, name: str) -> "Picture":
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(content)
    except Image.DecompressionBombError as error:
        raise ValueError(
            f"{name} is refused: {error} If you trust it, raise `PIL.Image.MAX_IMAGE_PIXELS`."
        ) from error
    except UnidentifiedImageError as error:
        raise UnidentifiedImageError(
            f"{name} cannot be read: cannot identify what image it is."
        ) from error


def _centre(size: tuple[int, int], width: int, height: int) -> tuple[int, int, int, int]:
    """Return the largest box in the middle that has the wanted ratio of width and height."""
    own_width, own_height = size
    box_height = min(own_height, own_width * height // width)
    box_width = min(own_width, own_height * width // height)
    left, top = (own_width - box_width) // 2, (own_height - box_height) // 2
    return left, top, left + box_width, top + box_height


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> _Array:
    """Return an image as an array with an axis for its channels.

    Args:
        img: A Pillow image, or an array of two or three axes.
        data_format: `"channels_last"` or `"channels_first"`; that of the settings if not given.
        dtype: The dtype of the array; `floatx()` if not given.

    Example:
        >>> import numpy, torchkeras
        >>> image = torchkeras.utils.array_to_img(numpy.zeros((4, 6, 3)))
        >>> torchkeras.utils.img_to_array(image).shape
        (4, 6, 3)
    """
    is_first = standardize_data_format(data_format) == "channels_first"
    x = np.asarray(img, dtype=_numpy_dtype(dtype))
    if x.ndim not in (2, 3):
        raise ValueError(
            f"`img` must have two or three axes. Received: an array of the shape {x.shape}."
        )
    if x.ndim == 2:
        return x[None] if is_first else x[..., None]
    return x.transpose(2, 0, 1) if is_first else x


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> "Picture":
    """Return an array or tensor of an image as a Pillow image.

    Args:
        x: The image, of three axes, with 1, 3 or 4 channels.
        data_format: `"channels_last"` or `"channels_first"`; that of the settings if not given.
        scale: Whether values are stretched to go from 0 to 255.
        dtype: The dtype in which they are; `floatx()` if not given.

    Example:
        >>> import numpy, torchkeras
        >>> torchkeras.utils.array_to_img(numpy.zeros((4, 6, 3))).size
        (6, 4)
    """
    from PIL import Image

    is_first = standardize_data_format(data_format) == "channels_first"
    array = np.array(ops.convert_to_numpy(x), dtype=_numpy_dtype(dtype))
    array = array.transpose(1, 2, 0) if is_first and array.ndim == 3 else array
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise ValueError(
            "`x` must be one image with 1, 3 or 4 channels. Received: an array of the shape "
            f"{np.shape(x)} with data_format={standardize_data_format(data_format)!r}."
        )
    if scale:
        array = array - array.min()
        largest = array.max()
        array = (array / largest if largest != 0 else array) * 255
    if array.shape[2] > 1:
        return Image.fromarray(array.astype("uint8"))
    gray = array[:, :, 0]
    return Image.fromarray(gray.astype("int32" if gray.max() > 255 else "uint8"))


def save_img(
    path: str | Path | IO[bytes],
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array or tensor of an image into a file.

    Args:
        path: A path or an open file.
        x: The image, of three axes, with 1, 3 or 4 channels.
        data_format: `"channels_last"` or `"channels_first"`; that of the settings if not given.
        file_format: The format, such as `"png"`; what the path ends with if not given.
        scale: Whether values are stretched to go from 0 to 255.
        **kwargs: What Pillow's `Image.save` takes.

    Example:
        >>> import io, numpy, torchkeras
        >>> torchkeras.utils.save_img(io.BytesIO(), numpy.ones((4, 6, 3)), file_format="png")
    """
    if file_format is None and isinstance(path, (str, Path)):
        file_format = Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    image = array_to_img(x, data_format, scale)
    if image.mode == "RGBA" and (file_format or "").lower() == "jpeg":
        warnings.warn("JPEG has no transparency: the image is written as RGB.", stacklevel=2)
        image = image.convert("RGB")
    image.save(path, format=file_format or None, **kwargs)


def _numpy_dtype(dtype: Any) -> Any:
    """Return a dtype that NumPy has."""
    name = floatx() if dtype is None else dtype
    return "float32" if name == "bfloat16" else name
