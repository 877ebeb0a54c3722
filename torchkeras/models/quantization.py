"""`Model.quantize`: all layers of a model that have a quantized form."""

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from torchkeras._base.messages import show
from torchkeras.layers.layer import Layer
from torchkeras.layers.quantized.quantizable import Quantizable
from torchkeras.layers.quantized.resolution import resolve_config

from .calibration import calibratable, calibrate, structure_of, without_data
from .innermost import innermost_layers

Filter = Callable[[Any], bool]


def quantize_layers(model: Layer, mode: Any, config: Any, filters: Any, type_check: bool) -> None:
    """Quantize the innermost layers of a model.

    GPTQ and AWQ take those in the blocks that they are told; all others stay in floats. A layer
    that has weights but no quantized form stays as it is, with a warning. What is wrong with the
    arguments or the model is found before the first layer is touched.

    Args:
        model: The model.
        mode: The name of a mode, or `None` for that of the config.
        config: A `QuantizationConfig`, or `None` for the usual one of the mode.
        filters: Which layers; see `as_filter`.
        type_check: Whether subclasses of layers are left out.
    """
    config, wanted = resolve_config(mode, config), as_filter(filters)
    structure = structure_of(model, config) if config.mode in ("gptq", "awq") else None
    found = innermost_layers(model) if structure is None else _in_blocks(structure)
    chosen = [layer for layer in found if wanted(layer)]
    quantized = [layer for layer in chosen if _may(layer, config.mode, type_check)]
    kept = config if structure is None else without_data(config)
    for layer in quantized:
        try:
            layer.quantize(config.mode, type_check=type_check, config=kept)
        except NotImplementedError as error:  # of a class of a user's
            warnings.warn(str(error), stacklevel=3)
    if structure is not None:
        calibrate(structure, quantized, config)


def _in_blocks(structure: dict[str, Any]) -> Iterator[Layer]:
    for block in structure["sequential_blocks"]:
        yield from calibratable(block)  # type: ignore[misc]


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
