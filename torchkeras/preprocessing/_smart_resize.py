"""`smart_resize`: images of one size, cut rather than distorted."""

from typing import Any

import numpy as np

from torchkeras import ops
from torchkeras._base.messages import one_of, show


def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
    **kwargs: Any,
) -> Any:
    """Cut the largest part of the wanted proportions out of the middle, and resize it.

    Args:
        x: An image or a batch of images, as an array or a tensor.
        size: The height and width they are brought to.
        interpolation: How they are resized.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: Nothing more.

    Returns:
        An array for an array, a tensor for a tensor.

    Raises:
        TypeError: If there are other arguments.
        ValueError: If `x` is no image, or `size` is no pair.

    Example:
        >>> import numpy as np
        >>> from torchkeras.preprocessing.image import smart_resize
        >>> smart_resize(np.ones((340, 500, 3)), (20, 20)).shape
        (20, 20, 3)
    """
    kwargs.pop("backend_module", None)
    if kwargs:
        raise TypeError(f"smart_resize() got unexpected keyword arguments: {list(kwargs)}")
    if len(size) != 2:
        raise ValueError(f"Expected `size` to be a tuple of 2 integers, but got: {size}.")
    one_of("data_format", data_format, ("channels_last", "channels_first"))
    image = ops.convert_to_tensor(x)
    if image.ndim not in (3, 4):
        raise ValueError(
            "`x` must be an image (height, width, channels) or a batch of images. "
            f"Received: x={show(x)}."
        )
    first = -3 if data_format == "channels_last" else -2
    rows, columns = _middle(image.shape[first], image.shape[first + 1], *size)
    cut = image[..., rows, columns, :] if first == -3 else image[..., rows, columns]
    made = ops.image.resize(cut, size, interpolation=interpolation, data_format=data_format)
    return np.array(ops.convert_to_numpy(made)) if isinstance(x, np.ndarray) else made


def _middle(height: int, width: int, to_height: int, to_width: int) -> tuple[slice, slice]:
    """Return where the largest part of the wanted proportions lies."""
    tall = max(min(height, int(float(width * to_height) / to_width)), 1)
    wide = max(min(width, int(float(height * to_width) / to_height)), 1)
    top, left = int(float(height - tall) / 2), int(float(width - wide) / 2)
    return slice(top, top + tall), slice(left, left + wide)
