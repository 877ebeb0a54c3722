"""Which layers take images that were flattened: torch has the channels first there, Keras last."""

import math
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from torchkeras.layers.activations.elu import ELU
from torchkeras.layers.activations.leaky_relu import LeakyReLU
from torchkeras.layers.activations.relu import ReLU
from torchkeras.layers.core.activation import Activation
from torchkeras.layers.core.dense import Dense
from torchkeras.layers.core.identity import Identity
from torchkeras.layers.layer import Layer
from torchkeras.layers.regularization.dropout import Dropout
from torchkeras.layers.reshaping.flatten import Flatten

_PASSING = (Dropout, Activation, Identity, ReLU, LeakyReLU, ELU)


def flattened_shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes, channels last, of images that come flattened into `Dense` layers.

    Only models that are made from symbols, or of layers in a row, can tell.

    Args:
        model: A model.

    Returns:
        The shapes by the path of the layer.
    """
    found = {}
    for path, each in model.named_modules(remove_duplicate=True):
        if isinstance(each, Layer) and hasattr(each, "get_layer"):
            for layer, shape in _in_model(each):
                inner = next(p for p, m in each.named_modules() if m is layer)
                found[f"{path}.{inner}".removeprefix(".")] = shape
    return found


def _in_model(model: Any) -> Iterator[tuple[Layer, tuple[int, ...]]]:
    edges = list(_edges(model))
    before = {id(after): layer for layer, after in edges}
    for layer, after in edges:
        if isinstance(after, Dense):
            step: Any = layer
            while isinstance(step, _PASSING):
                step = before.get(id(step))
            shape = _image_shape(step, before) if isinstance(step, Flatten) else None
            if shape is not None:
                yield after, shape


def _edges(model: Any) -> Iterator[tuple[Layer, Layer]]:
    """Yield the pairs of layers of which one takes what the other gives, and nothing else."""
    program = getattr(model, "program", None)
    if program is None:
        return
    layers = {layer.name: layer for layer in model.layers}
    for step in program.steps:
        sources = {arg.step for arg in step.args if hasattr(arg, "step")}
        if step.is_layer and len(sources) == 1 and step.name in layers:
            source = program.steps[sources.pop()]
            if source.is_layer and source.name in layers:
                yield layers[source.name], layers[step.name]


def _image_shape(flatten: Flatten, before: dict[int, Layer]) -> tuple[int, ...] | None:
    """Return the shape of the images that a layer flattens, or `None` if they are no images."""
    image = before.get(id(flatten))
    step: Any = image
    while step is not None and not hasattr(step, "data_format"):
        step = before.get(id(step))
    if step is None or image is None:
        return None
    shape = tuple(image.output.shape[1:])
    if len(shape) < 2 or None in shape:
        return None
    if step.data_format == "channels_last":
        return shape
    return (*shape[1:], shape[0]) if flatten.data_format == "channels_first" else None


def to_last(weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Reorder the columns of a weight from channels first to channels last.

    Args:
        weight: `(units, features)`.
        shape: The shape of the images, channels last.
    """
    images = weight.reshape(len(weight), shape[-1], *shape[:-1])
    return images.movedim(1, -1).reshape(len(weight), math.prod(shape))


def to_first(weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Reorder the columns of a weight from channels last to channels first.

    Args:
        weight: `(units, features)`.
        shape: The shape of the images, channels last.
    """
    images = weight.reshape(len(weight), *shape)
    return images.movedim(-1, 1).reshape(len(weight), math.prod(shape))
