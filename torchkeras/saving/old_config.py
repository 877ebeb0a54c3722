"""The configs of whole-model `.h5` files, as Keras 1 to 3 write them, and as they are today."""

from collections.abc import Mapping
from typing import Any

from torchkeras._base.registry import find_builtin, get_registered_object
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from . import keras_1, old_layers, old_nodes, old_optimizers

_ENTRY = ("class_name", "config", "name", "inbound_nodes")
# Arguments of Keras 2 that choose between ways of computing the same, or that say nothing.
_DROPPED = ("implementation", "time_major", "input_length", "rng_type", "softmax_robust_masking")
_DROPPED_BY_CLASS = {
    "Conv1DTranspose": ("groups",),
    "Conv2DTranspose": ("groups",),
    "Conv3DTranspose": ("groups",),
    "DepthwiseConv1D": ("groups",),
    "DepthwiseConv2D": ("groups",),
    "IntegerLookup": ("vocabulary_size",),
    "MultiHeadAttention": ("query_shape", "key_shape", "value_shape"),
    "SeparableConv1D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "SeparableConv2D": ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    "SpatialDropout1D": ("noise_shape",),
    "SpatialDropout2D": ("noise_shape",),
    "SpatialDropout3D": ("noise_shape",),
    "StringLookup": ("vocabulary_size",),
}
_METRICS = ("metrics", "weighted_metrics")
_SHAPE = "batch_input_shape"
_ACTIVATIONS, _HARD_SIGMOID = ("activation", "recurrent_activation"), "hard_sigmoid_of_keras_2"
# Arguments of Keras 2 under today's names, by class.
_RENAMED = {
    "InputLayer": {_SHAPE: "batch_shape"},
    "LeakyReLU": {"alpha": "negative_slope"},
}


def written(config: Mapping[str, Any], is_whole: bool = False) -> dict[str, Any]:
    """Return the config of a model or layer as `.h5` files have it: without modules.

    Args:
        config: What `serialize_keras_object` returned.
        is_whole: Whether it is all that the file tells of a model. Keras leaves out for what shapes
            a class of the user's was built, and cannot load its weights.
    """
    entry = {key: config[key] for key in _ENTRY if key in config}
    inner = dict(entry["config"])
    if isinstance(inner.get("layers"), list):
        inner["layers"] = [written(layer) for layer in inner["layers"]]
    elif is_whole and config.get("build_config"):
        entry["build_config"] = config["build_config"]
    return {**entry, "class_name": _name_of(config), "config": inner}


def _name_of(config: Mapping[str, Any]) -> Any:
    return config.get("registered_name") or config["class_name"]


def written_training(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `compile` was given as `.h5` files have it.

    Args:
        arguments: What `get_compile_config()` returned.
    """
    found = {key: _without_modules(value) for key, value in arguments.items()}
    return {**found, "optimizer_config": found.pop("optimizer")}


def _without_modules(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_without_modules(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "class_name" not in value:
        return {key: _without_modules(item) for key, item in value.items()}
    if value["class_name"] == "function":
        return value["config"]
    return {"class_name": _name_of(value), "config": value["config"]}


# Reading


def modern(config: Any, old: bool) -> Any:
    """Return a config in today's form.

    Args:
        config: The config of a model, or any part of it.
        old: Whether Keras 1 or 2 wrote it.

    """
    if isinstance(config, list):
        return [modern(item, old) for item in config]
    if not isinstance(config, dict):
        return config
    found = {key: modern(value, old) for key, value in config.items()}
    inner = found.get("config")
    compiled = found.get("compile_config")
    if old and isinstance(compiled, dict):
        kept = {key: value for key, value in compiled.items() if value is not None}
        optimizer = _optimizer(kept.pop("optimizer", "rmsprop"), old)
        found["compile_config"] = {**kept, "optimizer": optimizer}
    if "inbound_nodes" in found and not old and _is_operation(found):
        found["module"] = "keras.ops"
    if "class_name" not in found or not isinstance(inner, (dict, list)):
        return found
    if isinstance(inner, list):  # the layers of a Sequential of Keras 1
        inner = {"layers": inner}
    if old:
        name, inner = keras_1.modern(*old_layers.modern(str(found["class_name"]), inner))
        inner = old_nodes.modern(_modern_arguments(name, inner))
        found["class_name"] = name
    return {**found, "config": inner}


def _is_operation(entry: dict[str, Any]) -> bool:
    """Say whether a step of a functional model is an operation: layers tell more of themselves.

    Operations and layers may have one name (`Add`), but only layers can be trained.
    """
    name, config = entry.get("class_name"), entry.get("config")
    if "module" in entry or not isinstance(name, str) or not isinstance(config, dict):
        return False
    if get_registered_object(name) is not None or {"trainable", "batch_shape"} & config.keys():
        return False
    return find_builtin(None, name) is None or "dtype" not in config


def _modern_arguments(class_name: Any, config: dict[str, Any]) -> dict[str, Any]:
    dropped = (*_DROPPED, *_DROPPED_BY_CLASS.get(str(class_name), ()))
    found = {key: value for key, value in config.items() if key not in dropped}
    if found.get("activity_regularizer", "") is None:
        del found["activity_regularizer"]
    dtype = found.get("dtype")
    if isinstance(dtype, dict) and str(dtype.get("class_name")).endswith("Policy"):
        found["dtype"] = (dtype.get("config") or {}).get("name")
    for before, now in _RENAMED.get(str(class_name), {}).items():
        if before in found:
            found[now] = found.pop(before)
    if isinstance(found.get("layers"), list):
        found["layers"] = _with_input(found["layers"])
    if found.get("reduction") == "auto":
        found["reduction"] = "sum_over_batch_size"
    axis = found.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        found["axis"] = axis[0]
    for key in _ACTIVATIONS:
        if found.get(key) == "hard_sigmoid":
            found[key] = _HARD_SIGMOID
    return found


def _with_input(layers: list[Any]) -> list[Any]:
    """Return the layers of a model with an input where the first one has told its shape."""
    configs: list[Any] = [layer.get("config") for layer in layers if isinstance(layer, dict)]
    shapes: list[Any] = [c.pop(_SHAPE, None) for c in configs if isinstance(c, dict)]
    if not shapes or shapes[0] is None or "inbound_nodes" in layers[0]:
        return layers
    dtype = configs[0].get("dtype") if isinstance(configs[0].get("dtype"), str) else None
    entry = {"batch_shape": shapes[0], **({"dtype": dtype} if dtype else {})}
    return [{"class_name": "InputLayer", "config": entry}, *layers]


def compile_arguments(training: dict[str, Any], old: bool) -> dict[str, Any]:
    """Return the arguments of `compile` that a file holds.

    Args:
        training: Its `training_config`.
        old: Whether Keras 1 or 2 wrote it.
    """
    config = modern(training, old)
    metrics = {key: _made(config.get(key), "keras.metrics") for key in _METRICS}
    return {
        **metrics,
        "loss": _made(config.get("loss"), "keras.losses"),
        "optimizer": _made(_optimizer(config["optimizer_config"], old), "keras.optimizers"),
        "loss_weights": config.get("loss_weights"),
    }


def _optimizer(config: Any, old: bool) -> Any:
    return old_optimizers.modern(config) if old and isinstance(config, dict) else config


def _made(value: Any, module: str) -> Any:
    if isinstance(value, list):
        return [_made(item, module) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {key: _made(item, module) for key, item in value.items()}
    if value["class_name"] == "MeanMetricWrapper":  # Keras 2 wrote metrics given by name so
        return value["config"].get("fn")
    return deserialize_keras_object({"module": module, **value})


def serialized(model: Any) -> dict[str, Any]:
    """Return the config of a model as `.h5` files have it.

    Args:
        model: The model.
    """
    return written(serialize_keras_object(model), is_whole=True)
