"""Whole models as `.h5` files: the format of Keras 1 and 2, which Keras 3 reads and writes too."""

import json
import math
import os
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from torchkeras._base.atomic import replacing
from torchkeras._base.budget import limited
from torchkeras._base.damage import plain_errors
from torchkeras._base.registry import custom_object_scope
from torchkeras._state.postponing import first_values_last

from . import keras_1, keras_file, old_config, old_optimizers
from .h5_reading import Datasets, fill, find_group, opened, read, source_of
from .h5_writing import Writer, created
from .pieces import Movers

if TYPE_CHECKING:
    import h5py

_HEADER_BYTES = 64512  # what HDF5 lets one attribute hold
_ATTRIBUTE_BYTES, _NAMES = 1 << 28, 10_000
_WEIGHTS, _TOP, _OPTIMIZER = "model_weights", "top_level_model_weights", "optimizer_weights"


def save(model: Any, filepath: "str | os.PathLike[str]", include_optimizer: bool = True) -> None:
    """Write a model with its weights and, if asked for, what it was compiled with."""
    compiled = include_optimizer and model.compiled and model.optimizer is not None
    config = json.dumps(old_config.serialized(model))
    with replacing(filepath) as path, created(path) as writer:
        file = writer.file
        file.attrs["keras_version"], file.attrs["backend"] = keras_file.KERAS_VERSION, "torch"
        file.attrs["model_config"] = config
        _write_weights(writer, file.create_group(_WEIGHTS), model)
        arguments = model.get_compile_config() if compiled else {}
        if arguments:
            file.attrs["training_config"] = json.dumps(old_config.written_training(arguments))
            _write(writer, file.create_group(_OPTIMIZER), model.optimizer.variables)


def save_weights(model: Any, filepath: "str | os.PathLike[str]") -> None:
    """Write the weights alone, as `save_weights` of Keras 2 did."""
    with replacing(filepath) as path, created(path) as writer:
        _write_weights(writer, writer.file, model)


def _write_weights(writer: Writer, group: "h5py.Group", model: Any) -> None:
    group.attrs["keras_version"], group.attrs["backend"] = keras_file.KERAS_VERSION, "torch"
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    for layer in model.layers:
        _write(writer, group.create_group(layer.name), _ordered(layer))
    _write(writer, group.create_group(_TOP), _own(model))


def _ordered(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _own(model: Any) -> list[Any]:
    """Return the variables that a model holds itself, trained ones first."""
    own = [v for v in model.own_variables() if v.name != "seed_generator_state"]
    return sorted(own, key=lambda variable: not variable.trainable)


def _write(writer: Writer, group: "h5py.Group", variables: Iterable[Any]) -> None:
    names: list[str] = []
    for variable in variables:
        name = variable.path
        while name in names:  # paths need not differ
            name += "_"
        names.append(name)
        writer.put(group, name, variable)
    _write_names(group, "weight_names", names)


def _write_names(group: "h5py.Group", key: str, names: list[str]) -> None:
    """Write names as one attribute, or as numbered ones if they are too long for one."""
    data = np.asarray([name.encode() for name in names])
    parts = np.array_split(data, -(-max(data.nbytes, 1) // _HEADER_BYTES))
    for index, part in enumerate(parts):
        group.attrs[f"{key}{index}" if len(parts) > 1 else key] = part


# Reading


def load(
    filepath: "str | os.PathLike[str]", custom_objects: Any, compile: bool, safe_mode: bool
) -> Any:
    """Make the model that a file describes, and give it the file's weights."""
    name, budget = os.fspath(filepath), keras_file.budget(os.path.getsize(filepath))
    with opened(filepath, name) as file, limited(budget), first_values_last():
        old = _version(file) < 3
        config = keras_file.parsed(_text(file, "model_config"), name)
        with plain_errors(f"The config in {name!r}"), custom_object_scope(custom_objects or {}):
            config = old_config.modern(config, old)
        model = keras_file.model_from(config, custom_objects, safe_mode, name)
        _read_weights(model, _required(file, _WEIGHTS))
        if compile and "training_config" in file.attrs:
            _compile(model, file, custom_objects, old)
    return model


def load_weights(
    model: Any,
    filepath: "str | os.PathLike[str]",
    skip_mismatch: bool = False,
    by_name: bool = False,
) -> None:
    """Read the weights of a model from a file, by the order of its layers or by their names."""
    with opened(filepath, os.fspath(filepath)) as file:
        group = file if "layer_names" in file.attrs else _required(file, _WEIGHTS)
        _read_weights(model, group, skip_mismatch, by_name)


def is_older(filepath: "str | os.PathLike[str]") -> bool:
    """Say whether a file of weights is laid out by layers, as Keras 1 and 2 did at first."""
    with opened(filepath, os.fspath(filepath)) as file:
        return "layer_names" in file.attrs


def _compile(model: Any, file: "h5py.File", custom_objects: Any, old: bool) -> None:
    training = keras_file.json_of(_text(file, "training_config"), file.filename)
    with (
        plain_errors(f"The config in {file.filename!r}"),
        custom_object_scope(custom_objects or {}),
    ):
        model.compile(**old_config.compile_arguments(training, old))
    group = find_group(file, _OPTIMIZER)
    if group is None or not model.built:
        return
    model.optimizer.build(model.trainable_variables)
    names = _names(group, "weight_names")
    stores = [_dataset(group, name) for name in names]
    shapes = [tuple(dataset.shape) for dataset in stores]
    try:
        pairs = _optimizer_pairs(model.optimizer, names, shapes, old)
    except ValueError as error:
        warnings.warn(
            f"The state of the optimizer in {file.filename!r} was not loaded: {error}. Training "
            "begins afresh.",
            stacklevel=6,
        )
        return
    source = source_of(file)
    with Movers() as movers:
        for target, place in pairs:
            if shapes[place] == tuple(target.shape):
                fill(target, stores[place], source, movers)
            else:  # Keras 1 had a vector of one for a number
                target.assign(read(stores[place]).reshape(target.shape))
    if old:
        old_optimizers.complete(model.optimizer)


def _optimizer_pairs(
    optimizer: Any, names: list[str], shapes: list[Any], old: bool
) -> list[tuple[Any, int]]:
    """Return the variables of an optimizer with their places in the file."""
    places: list[int | None] = list(range(len(shapes)))
    if old:
        places = old_optimizers.partners(optimizer, names, shapes)
    elif len(shapes) != len(optimizer.variables):
        raise ValueError(f"it has {len(shapes)} variables, laid out for another one")
    found = zip(optimizer.variables, places, strict=True)
    pairs = [(target, place) for target, place in found if place is not None]
    for target, place in pairs:
        if math.prod(shapes[place]) != math.prod(target.shape) or (
            len(target.shape) and shapes[place] != tuple(target.shape)
        ):
            raise ValueError(f"{names[place]!r} has the shape {shapes[place]}")
    return pairs


def _read_weights(
    model: Any, group: "h5py.Group", skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Compare numbers and shapes first, then read."""
    pairs: list[tuple[Any, h5py.Dataset]] = []
    values: list[tuple[Any, Any]] = []
    problems = []
    theano = any(
        "backend" in g.attrs and _text(g, "backend") == "theano" for g in (group, group.file)
    )
    for name, layer, targets in _partners(model, group, by_name):
        inner = _required(group, name)
        found = [_dataset(inner, weight) for weight in _names(inner, "weight_names")]
        shapes = [tuple(dataset.shape) for dataset in found]
        wanted = [tuple(target.shape) for target in targets]
        older = None if shapes == wanted and not theano else _converted(layer, found, theano)
        if older is not None and [value.shape for value in older] == wanted:
            values += zip(targets, older, strict=True)
        elif shapes == wanted:
            pairs += zip(targets, found, strict=True)
        else:
            problems.append(f"{layer.name!r} has the shapes {wanted}, and {name!r} {shapes}")
    if problems:
        text = f"{group.file.filename!r} does not fit the model: {'; '.join(problems)}."
        if not skip_mismatch:
            raise ValueError(text)
        warnings.warn(text, stacklevel=5)
    source = source_of(group.file)
    with Movers() as movers:
        for target, dataset in pairs:
            fill(target, dataset, source, movers)
    for target, value in values:
        target.assign(value)


def _converted(layer: Any, found: list["h5py.Dataset"], theano: bool) -> Any:
    """Return the weights of a layer of Keras 1 in today's layout, or `None` if they are in none."""
    shapes = [tuple(dataset.shape) for dataset in found]
    return keras_1.converted(layer, shapes, lambda index: read(found[index]), theano)


def _partners(model: Any, group: "h5py.Group", by_name: bool) -> list[tuple[str, Any, list[Any]]]:
    """Return what in the file belongs to which layer, with the layer's variables."""
    names = _names(group, "layer_names")
    if by_name:
        known = {layer.name: layer for layer in model.layers}
        found = [(name, known[name], _ordered(known[name])) for name in names if name in known]
    else:
        names = [name for name in names if _names(_required(group, name), "weight_names")]
        layers = [layer for layer in model.layers if _ordered(layer)]
        if names and not model.built:
            raise ValueError(
                f"{group.file.filename!r} has weights, and the model {model.name!r} has none yet: "
                "nothing tells for what shapes it was built. Make it in code, call it on some data "
                "or `build(input_shape)`, and `load_weights` from this file; `.keras` files keep "
                "the shapes."
            )
        if len(names) != len(layers):
            raise ValueError(
                f"{group.file.filename!r} has weights for {len(names)} layers, and the model has "
                f"{len(layers)} layers with weights. To load those whose names agree, pass "
                "`by_name=True`."
            )
        found = [(n, layer, _ordered(layer)) for n, layer in zip(names, layers, strict=True)]
    return [*found, (_TOP, model, _own(model))] if _TOP in group else found


def _required(group: "h5py.Group", name: str) -> "h5py.Group":
    found = find_group(group, name)
    if found is None:
        raise ValueError(f"{group.file.filename!r} is no whole model: it has no {name!r}.")
    return found


def _dataset(group: "h5py.Group", path: str) -> "h5py.Dataset":
    """Return a dataset, looked at but unread."""
    place, _, name = path.rpartition("/")
    if any(part in ("", ".") for part in path.split("/")):
        raise ValueError(f"{group.file.filename!r} is damaged: {path!r} is no name of weights.")
    store = Datasets(_required(group, place) if place else group)
    try:
        return store.dataset(name)
    except KeyError as error:
        raise ValueError(f"{group.file.filename!r} is damaged: {path!r} is missing.") from error


def _names(group: "h5py.Group", key: str) -> list[str]:
    keys = [key] if key in group.attrs else []
    while f"{key}{len(keys)}" in group.attrs:
        keys.append(f"{key}{len(keys)}")
    return [_decoded(item) for part in keys for item in np.ravel(_attribute(group, part))]


def _text(file: "h5py.File", key: str) -> str:
    if key not in file.attrs:
        raise ValueError(f"{file.filename!r} holds no whole model: it has no {key!r}.")
    return _decoded(_attribute(file, key))


def _attribute(group: "h5py.Group", key: str) -> Any:
    attribute = group.attrs.get_id(key)
    count, size = math.prod(attribute.shape or ()), attribute.dtype.itemsize
    if count > _NAMES or count * size > _ATTRIBUTE_BYTES:
        raise ValueError(
            f"Refused the attribute {key!r} of {group.name}: it claims {count} items of {size} "
            "bytes."
        )
    return group.attrs[key]


def _decoded(value: Any) -> str:
    """Return a text; bytes that are none become signs that no name has."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _version(file: "h5py.File") -> int:
    """Return Keras's major version; files of Keras 1 may not tell."""
    text = _text(file, "keras_version") if "keras_version" in file.attrs else "1"
    head = text.partition(".")[0]
    return int(head) if head.isdecimal() else 1
