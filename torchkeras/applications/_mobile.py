"""What the mobile networks do with images of several sizes."""

import warnings
from typing import Any

from torchkeras import layers
from torchkeras._symbolic.tensor import is_keras_tensor

from ._input_shape import Shape
from ._network import Request, channel_axis, sides


def pretrained_size(request: Request, shape: Shape, known: tuple[int, ...]) -> int | None:
    """Return for images of which size the weights are, or the height of the images.

    Args:
        request: What the caller asked for.
        shape: The shape of an image.
        known: The sizes for which there are weights.
    """
    rows, columns = sides(shape)
    if not request.is_pretrained or (rows == columns and rows in known):
        return rows
    warnings.warn(
        f"There are pretrained weights for square images of the sizes {known}, and `input_shape` "
        f"is {shape}: those for 224 x 224 are taken.",
        stacklevel=3,
    )
    return 224


def check_tensor(request: Request) -> None:
    """Raise if the caller's symbol and shape are not of one width.

    Args:
        request: What the caller asked for.
    """
    given, shape = request.input_tensor, request.input_shape
    if shape is None or not is_keras_tensor(given):
        return
    if sides(given.shape[1:])[1] != sides(shape)[1]:
        raise ValueError(
            "`input_tensor` and `input_shape` must have one size. Received: input_tensor with "
            f"shape {tuple(given.shape)}, input_shape={tuple(shape)}. Pass one of them."
        )


def normalized(x: Any, name: str) -> Any:
    """Normalize each channel, with the slow averages of these networks."""
    return layers.BatchNormalization(channel_axis(-1), momentum=0.999, name=name)(x)
