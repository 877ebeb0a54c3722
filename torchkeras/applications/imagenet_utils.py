"""What goes into networks trained on ImageNet, and what comes out of them."""

import json
from functools import lru_cache
from typing import Any

import numpy as np

from torchkeras import ops
from torchkeras._base.messages import one_of, show
from torchkeras._base.settings import floatx, standardize_data_format

from ._weights import WeightsFile

_MEAN_BGR = (103.939, 116.779, 123.68)
_MEAN_RGB, _DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CLASSES = 1000
_CLASS_INDEX = WeightsFile(
    "imagenet_class_index.json",
    "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json",
    "c2c37ea517e94d9795004a39431a14cb",
)


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Scale the pixels of images, 0 to 255, as a pretrained network takes them.

    Args:
        x: An image or a batch of images, RGB; an array of floats is written over.
        data_format: `"channels_last"` or `"channels_first"`; the setting if not given.
        mode: `"caffe"`: BGR, less the mean color of ImageNet. `"tf"`: from -1 to 1. `"torch"`:
            from 0 to 1, less the mean color, divided by the standard deviation.

    Returns:
        The pixels, as an array if `x` is one, else as a tensor or symbol.

    Raises:
        ValueError: If `mode` or `data_format` is none of these.

    Differs from Keras:
        A tensor is not written over, and may be of whole numbers.

    Example:
        >>> import numpy as np
        >>> from torchkeras.applications.imagenet_utils import preprocess_input
        >>> preprocess_input(np.array([[[0, 127.5, 255]]]), mode="tf")
        array([[[-1.,  0.,  1.]]])
    """
    one_of("mode", mode, ("caffe", "tf", "torch"))
    data_format = standardize_data_format(data_format)
    if isinstance(x, np.ndarray):
        return _array(x, data_format, mode)
    x = ops.convert_to_tensor(x)
    if mode == "tf":
        return x / 127.5 - 1.0
    axis = _channel_axis(x, data_format)
    channels = [_channel(x, axis, index) for index in range(3)]
    return ops.stack(_scaled(channels, mode), axis=axis)


def _channel_axis(x: Any, data_format: str) -> int:
    rank = len(x.shape)
    return rank - 1 if data_format == "channels_last" else int(rank > 3)


def _channel(x: Any, axis: int, index: int) -> Any:
    return x[(*[slice(None)] * axis, index)]


def _scaled(channels: list[Any], mode: str) -> list[Any]:
    if mode == "caffe":
        return [x - mean for x, mean in zip(reversed(channels), _MEAN_BGR, strict=True)]
    facts = zip(channels, _MEAN_RGB, _DEVIATION_RGB, strict=True)
    return [(x / 255.0 - mean) / deviation for x, mean, deviation in facts]


def _array(x: Any, data_format: str, mode: str) -> Any:
    """Scale an array, in place if it is one of floats."""
    if not np.issubdtype(x.dtype, np.floating):
        x = x.astype(floatx() if floatx() != "bfloat16" else "float32")
    if mode == "tf":
        x /= 127.5
        x -= 1.0
        return x
    axis = _channel_axis(x, data_format)
    if mode == "caffe":
        x = np.flip(x, axis)
    else:
        x /= 255.0
    for index, mean in enumerate(_MEAN_BGR if mode == "caffe" else _MEAN_RGB):
        channel = _channel(x, axis, index)
        channel -= mean
        if mode == "torch":
            channel /= _DEVIATION_RGB[index]
    return x


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, Any]]]:
    """Name the likeliest of ImageNet's classes.

    Args:
        preds: What a network says of a batch of images, `(batch, 1000)`.
        top: How many classes to name for each.

    Returns:
        For each image a list of the WordNet number, the name and the score of a class, the
        likeliest first.

    Raises:
        ValueError: If `preds` has another shape.
        FileNotFoundError: If the names are neither on disk nor to be had.
    """
    shape = tuple(getattr(preds, "shape", ()))
    if len(shape) != 2 or shape[1] != _CLASSES:
        raise ValueError(
            f"`preds` must have the shape (images, {_CLASSES}). Received: preds={show(preds)}."
        )
    index = _class_index(_CLASS_INDEX.fetched())
    scores = ops.convert_to_numpy(preds)
    # From the end: among equals the last comes first, as in Keras.
    best = [np.argsort(row)[-top:][::-1] for row in scores]
    return [
        [(*index[at], row[at]) for at in places] for row, places in zip(scores, best, strict=True)
    ]


@lru_cache(maxsize=1)
def _class_index(path: str) -> list[tuple[str, str]]:
    with open(path, encoding="utf-8") as file:
        names = json.load(file)
    return [tuple(names[str(number)]) for number in range(_CLASSES)]
