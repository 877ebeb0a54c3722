"""Weights of plain torch in a model, and a model's weights in plain torch."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from torchkeras._base.messages import show
from torchkeras.layers.layer import Layer

from . import keras_file
from .flattened import flattened_shapes, to_first, to_last
from .matching import Match, Pair, match
from .model_file import load_model
from .units import layer_paths, units_in, units_of
from .weights_report import WeightsReport

_WRAPPERS = ("module.", "_orig_mod.")  # of DistributedDataParallel and torch.compile


def load_torch_weights(
    model: Any,
    state_dict: Mapping[str, Any] | nn.Module,
    strict: bool = True,
    channels_first_flatten: bool = True,
) -> WeightsReport:
    """Fill a model with the weights of its twin in plain torch.

    Modules and layers belong together if they have one name (dots and underscores are alike),
    otherwise if they come in the same order among all of the same shapes. Stacked and bidirectional
    `nn.LSTM` and the packed projections of `nn.MultiheadAttention` are taken apart, and the two
    biases of `nn.LSTM` and `nn.RNN` are added up. Settings that are no weights, such as the epsilon
    of a normalization, are yours to make equal.

    Args:
        model: A built model or layer of torchkeras.
        state_dict: The `state_dict` of the twin, or the twin.
        strict: Whether anything left over on either side is an error.
        channels_first_flatten: Whether the twin flattens images with the channels first, as torch
            has them, where the model has them last: the columns of the layer behind are reordered
            then. It is done only if layers were not paired as equal names of one `state_dict`.

    Returns:
        A report that prints as a table: what was matched, and what was not and why.

    Raises:
        ValueError: If the model is not built, or with `strict` something does not fit; nothing is
            changed then.
        TypeError: If one of the two is something else.

    Example:
        >>> import torch, torchkeras
        >>> from torchkeras import layers
        >>> model = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3, name="fc")])
        >>> torchkeras.saving.load_torch_weights(model, torch.nn.Linear(4, 3))
        Weights: 2 matched
        model             source  shape
        fc.linear.weight  weight  (3, 4)  by order and shape
        fc.linear.bias    bias    (3,)    by order and shape
    """
    if not isinstance(model, Layer):
        raise TypeError(
            "`model` must be a model or layer of torchkeras. Received: "
            f"model={show(model)} (of type {type(model).__name__}). For a module of torch there "
            "are its own `load_state_dict` and `load_keras_weights`."
        )
    _require_built("model", model)
    state = _unwrapped(_state_of(state_dict))
    found = match(units_of(model, as_target=True), units_in(state, layer_paths(model)))
    own = set(model.state_dict()) <= set(state)
    shapes = flattened_shapes(model) if channels_first_flatten and not own else {}
    return _fill(found, shapes, to_last, "channels moved last", strict)


def load_keras_weights(
    module: nn.Module,
    source: Any,
    strict: bool = True,
    channels_first_flatten: bool = True,
    custom_objects: Mapping[str, Any] | None = None,
) -> WeightsReport:
    """Fill a plain torch module with the weights of its twin in torchkeras or Keras.

    What belongs together is found as `load_torch_weights` does it.

    Args:
        module: A module of torch.
        source: A model of torchkeras or of Keras, or the file of a whole model by either.
        strict: Whether anything left over on either side is an error.
        channels_first_flatten: Whether the module flattens images with the channels first, where
            the source has them last: the columns of the layer behind are reordered then.
        custom_objects: Classes and functions by name, needed to read a model of Keras or a file.

    Returns:
        A report that prints as a table: what was matched, and what was not and why.

    Raises:
        ValueError: If the source is not built, or with `strict` something does not fit; nothing is
            changed then.
        TypeError: If one of the two is something else.

    Example:
        >>> import torch, torchkeras
        >>> model = torchkeras.Sequential([torchkeras.Input((4,)), torchkeras.layers.Dense(3)])
        >>> linear = torch.nn.Linear(4, 3)
        >>> torchkeras.saving.load_keras_weights(linear, model).complete
        True
    """
    if not isinstance(module, nn.Module):
        raise TypeError(
            f"`module` must be a `torch.nn.Module`. Received: module={show(module)} (of type "
            f"{type(module).__name__})."
        )
    model = _model_of(source, custom_objects)
    _require_built("source", model)
    found = match(units_of(module, as_target=True), units_of(model, as_target=False))
    shapes = flattened_shapes(model) if channels_first_flatten else {}
    by_target = {pair.unit: shapes[name] for pair, name in _sources(found, model) if name in shapes}
    return _fill(found, by_target, to_first, "channels moved first", strict)


def _require_built(argument: str, model: Any) -> None:
    if not model.built:
        raise ValueError(
            f"`{argument}`, {model.name!r}, is not built yet, so it has no weights. Call it on "
            "some data or `build(input_shape)` first."
        )


# Sources


def _state_of(source: Any) -> Mapping[str, Any]:
    if isinstance(source, nn.Module):
        return source.state_dict()
    if isinstance(source, Mapping):
        tensors = any(isinstance(value, Tensor) for value in source.values())
        inner = source.get("state_dict", source.get("model"))
        if not tensors and isinstance(inner, (Mapping, nn.Module)):  # as checkpoints often are
            return _state_of(inner)
        if tensors or not source:
            return source
    raise TypeError(
        "`state_dict` must be a dictionary of tensors by name, or a `torch.nn.Module`. Received: "
        f"state_dict={show(source)} (of type {type(source).__name__}). Read a file first: "
        "`torch.load(path, weights_only=True)` or `safetensors.torch.load_file(path)`."
    )


def _unwrapped(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a `state_dict` without the prefixes of wrappers."""
    for prefix in _WRAPPERS:
        if state and all(name.startswith(prefix) for name in state):
            return _unwrapped({name.removeprefix(prefix): t for name, t in state.items()})
    return state


def _model_of(source: Any, custom_objects: Any) -> Any:
    if isinstance(source, (str, os.PathLike)):
        return load_model(source, custom_objects, compile=False)
    if isinstance(source, Layer):
        return source
    if not all(hasattr(source, name) for name in ("to_json", "get_weights", "built")):
        raise TypeError(
            "`source` must be a model of torchkeras or Keras, or the path of a whole model. "
            f"Received: source={show(source)} (of type {type(source).__name__})."
        )
    name = str(getattr(source, "name", "source"))
    config = keras_file.parsed(source.to_json(), name)
    model = keras_file.model_from({**config, "compile_config": None}, custom_objects, True, name)
    model.set_weights(source.get_weights())
    return model


def _sources(found: Match, model: Any) -> "list[tuple[Pair, str]]":
    """Return the pairs with the names of the source's units."""
    names = {
        piece.key: unit.name
        for unit in units_of(model, as_target=False)
        for piece in unit.pieces.values()
    }
    return [(pair, names[pair.source.key]) for pair in found.pairs]


# Filling


def _fill(
    found: Match, shapes: Mapping[str, tuple[int, ...]], reorder: Any, note: str, strict: bool
) -> WeightsReport:
    """Copy all pairs, once it is clear that they fit."""
    report = found.report
    if strict and not report.complete:
        raise ValueError(
            "The weights do not fit the model, and nothing was loaded; `strict=False` loads what "
            f"matches.\n{report!r}"
        )
    moved = set()
    with torch.no_grad():
        for pair in found.pairs:
            value = pair.source.value
            if pair.added is not None:
                value = value + pair.added.value.to(value.device)
            if pair.unit in shapes and pair.role == "weight":
                value = reorder(value, shapes[pair.unit])
                moved.add(pair.target.label)
            pair.target.value.copy_(value)
    report.rows = [
        replace(row, note=f"{row.note}, {note}") if row.target in moved else row
        for row in report.rows
    ]
    return report
