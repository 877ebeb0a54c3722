"""`Model.quantize`: all layers of a model that have a quantized form."""

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from torchkeras._base.messages import show
from torchkeras.layers.layer import Layer
from torchkeras.layers.quantized.quantizable import Quantizable
from torchkeras.layers.quantized.resolution import resolve_config

Filter = Callable[[Any], bool]


def quantize_layers(model: Layer, mode: Any, config: Any, filters: Any, type_check: bool) -> Any:
    """Quantize the innermost layers of a model, and return the config.

    A layer that has weights but no quantized form stays as it is, with a warning. What is wrong
    with the arguments or the model is found before the first layer is touched.

    Args:
        model: The model.
        mode: The name of a mode, or `None` for that of the config.
        config: A `QuantizationConfig`, or `None` for the usual one of the mode.
        filters: Which layers; see `as_filter`.
        type_check: Whether subclasses of layers are left out.
    """
    config, wanted = resolve_config(mode, config), as_filter(filters)
    chosen = [layer for layer in innermost_layers(model) if wanted(layer)]
    quantized = [layer for layer in chosen if _may(layer, config.mode, type_check)]
    for layer in quantized:
        try:
            layer.quantize(config.mode, type_check=type_check, config=config)
        except NotImplementedError as error:  # of a class of a user's
            warnings.warn(str(error), stacklevel=3)
    return config


def innermost_layers(layer: Any) -> Iterator[Layer]:
    """Yield the layers below one that have no layers below themselves.

    Args:
        layer: A layer, which may be the only one.
    """
    for module in layer.modules():
        if isinstance(module, Layer):
            below = (inner for inner in module.modules() if inner is not module)
            if not any(isinstance(inner, Layer) for inner in below):
                yield module


def _may(layer: Any, mode: str, type_check: bool) -> bool:
    """Whether a layer may be quantized; warn if it has weights and may not."""
    try:
        if isinstance(layer, Quantizable):
            layer.check_quantizable(mode, type_check)
        elif type(layer).quantize is Layer.quantize:
            layer.quantize(mode)
    except NotImplementedError as error:
        if layer.weights:
            warnings.warn(str(error), stacklevel=4)
        return False
    return True


def as_filter(filters: Any) -> Filter:
    """Return a function that says of a layer whether it is meant.

    Args:
        filters: A regular expression that is searched in the layer's name, a list of them, a
            function of the layer, or `None` for all layers.

    Raises:
        ValueError: If it is anything else.
    """
    if filters is None:
        return lambda layer: True
    if isinstance(filters, str):
        filters = [filters]
    if isinstance(filters, (list, tuple)):
        patterns = [re.compile(pattern) for pattern in filters]
        return lambda layer: any(pattern.search(layer.name) for pattern in patterns)
    if not callable(filters):
        raise ValueError(
            "The `filters` argument must be a regex string, a list of regex strings, or a callable "
            f"of a layer. Received: filters={show(filters)} (of type {type(filters).__name__})."
        )
    return lambda layer: bool(filters(layer))
