"""Images in BGR, less the mean color of ImageNet."""

from typing import Any

from . import imagenet_utils


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Turn images to BGR and take the mean color of ImageNet away, without scaling.

    Args:
        x: An image or a batch of images, RGB, 0 to 255; an array of floats is written over.
        data_format: `"channels_last"` or `"channels_first"`; the setting if not given.

    Returns:
        The pixels, as an array if `x` is one, else as a tensor or symbol.

    Raises:
        ValueError: If `data_format` is neither of these.
    """
    return imagenet_utils.preprocess_input(x, data_format, "caffe")
