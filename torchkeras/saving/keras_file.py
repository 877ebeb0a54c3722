"""`.keras`: one zip archive with the config as JSON and the weights as HDF5, as Keras 3 has it."""

import datetime
import json
import os
import warnings
import zipfile
from typing import Any

from torchkeras._base.atomic import replacing
from torchkeras._base.budget import limited
from torchkeras._base.damage import plain_errors
from torchkeras._base.registry import custom_object_scope
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._base.sharing import keep_shared, sharing
from torchkeras._state.postponing import first_values_last
from torchkeras.layers.layer import Layer

from . import archive, assets, old_config, weights_h5, zip_member

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
KERAS_VERSION = "3.15.1"  # whose files these are: Keras looks at it
# Optimizers that were saved before their first step have up to three variables for each weight.
_SMALL_BYTES = 1 << 19
_FREE_BYTES, _COPIES = 1 << 26, 4


def save(model: Any, filepath: "str | os.PathLike[str]") -> None:
    """Write a model with all that it needs to go on as if it had never been saved."""
    warn_unbuilt(model)
    config = config_of(model)
    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = json.dumps({"keras_version": KERAS_VERSION, "date_saved": saved})
    with replacing(filepath) as path, zipfile.ZipFile(path, "w") as written:
        written.writestr(METADATA, metadata)
        written.writestr(CONFIG, config)
        if _is_small(model):
            written.writestr(WEIGHTS, weights_h5.image(model))
        else:
            with zip_member.written(written, WEIGHTS) as weights:
                weights_h5.write(model, weights)
        assets.write(model, written)


def _is_small(model: Any) -> bool:
    """Say whether weights are made faster in memory than in the file."""
    return sum(parameter.nbytes for parameter in model.parameters()) < _SMALL_BYTES


def warn_unbuilt(model: Any) -> None:
    """Warn if a model that is about to be saved has no weights yet."""
    if not model.built:
        warnings.warn(
            "You are saving a model that has not yet been built, so the file holds no weights. "
            "Call it on some data or `build(input_shape)` first.",
            stacklevel=5,
        )


def config_of(model: Any) -> str:
    """Return the whole config of a model as JSON."""
    with sharing():
        return json.dumps(keep_shared(serialize_keras_object(model)))


def load(
    filepath: "str | os.PathLike[str]", custom_objects: Any, compile: bool, safe_mode: bool
) -> Any:
    """Make the model that an archive describes, and give it the archive's weights."""
    with archive.opened(filepath) as opened, first_values_last():
        config = parsed(opened.read(CONFIG), opened.name)
        if not compile:
            config["compile_config"] = None
        if _is_old(opened):
            subject = f"The config in {opened.name!r}"
            with plain_errors(subject), custom_object_scope(custom_objects or {}):
                config = old_config.modern(config, True)
        with limited(budget(opened.size_of(WEIGHTS))):
            model = model_from(config, custom_objects, safe_mode, opened.name)
        with opened.file_compared_last(WEIGHTS) as weights:
            weights_h5.read_into(model, weights, f"{opened.name}/{WEIGHTS}")
        assets.read(model, opened)
    return model


def _is_old(opened: archive.Archive) -> bool:
    """Say whether Keras 2 wrote an archive."""
    metadata = json_of(opened.read(METADATA), opened.name) if METADATA in opened else None
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return str(version).startswith("2.")


def load_weights(
    model: Any, filepath: "str | os.PathLike[str]", skip_mismatch: bool = False
) -> None:
    """Read the weights of a model from an archive, and nothing else."""
    with archive.opened(filepath) as opened, opened.file(WEIGHTS) as weights:
        weights_h5.read_into(model, weights, f"{opened.name}/{WEIGHTS}", skip_mismatch)


def budget(size: int) -> int:
    """Return how many bytes the variables of a model may take whose weights take `size`."""
    return _FREE_BYTES + _COPIES * size


def parsed(text: str | bytes, name: str) -> dict[str, Any]:
    """Return the config that a file holds.

    Args:
        text: The config as JSON.
        name: The name of the file, for errors.

    Raises:
        ValueError: If it is no JSON, or describes nothing.
    """
    config = json_of(text, name)
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"The config in {name!r} does not describe a model.")
    return config


def json_of(text: str | bytes, name: str) -> Any:
    """Return what a text in a file says.

    Args:
        text: JSON.
        name: The name of the file, for errors.

    Raises:
        ValueError: If it is no JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The config in {name!r} is no whole JSON: {error}.") from error


def model_from(config: dict[str, Any], custom_objects: Any, safe_mode: bool, name: str) -> Any:
    """Make the model that a config describes.

    Args:
        config: The config.
        custom_objects: Classes and functions by name, besides the registered ones.
        safe_mode: Whether configs that carry code are refused.
        name: The name of the file, for errors.

    Raises:
        ValueError: If the config is damaged, or describes no layer or model.
        TypeError: If it names a class that is neither public nor registered.
    """
    with plain_errors(f"The config in {name!r}"), sharing():
        model = deserialize_keras_object(config, custom_objects, safe_mode)
    if not isinstance(model, Layer):
        raise ValueError(
            f"The config in {name!r} describes no model, but something of type "
            f"{type(model).__name__}."
        )
    return model
