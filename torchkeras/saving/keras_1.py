"""What Keras 1 called things, and how it laid out weights."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from torchkeras._base.registry import get_registered_object

from . import old_layers

_Array = np.ndarray[Any, Any]

_WEIGHTS = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_CONVOLUTION = {
    **_WEIGHTS,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
}
_POOLING = {
    "pool_length": "pool_size",
    "stride": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
}
_RECURRENT = {
    **_WEIGHTS,
    "output_dim": "units",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_EMBEDDING = {
    "init": "embeddings_initializer",
    "W_regularizer": "embeddings_regularizer",
    "W_constraint": "embeddings_constraint",
}
_NORM = {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"}
_ARGUMENTS: dict[str, dict[str, str]] = {
    "Dense": {**_WEIGHTS, "output_dim": "units"},
    "Conv1D": _CONVOLUTION,
    "Conv2D": _CONVOLUTION,
    "Conv3D": _CONVOLUTION,
    "SeparableConv2D": _CONVOLUTION,
    "Embedding": _EMBEDDING,
    "BatchNormalization": _NORM,
    "Dropout": {"p": "rate"},
    "SpatialDropout1D": {"p": "rate"},
    "SpatialDropout2D": {"p": "rate", "dim_ordering": "data_format"},
    "GaussianDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "UpSampling1D": {"length": "size"},
    "UpSampling2D": {"dim_ordering": "data_format"},
    "ZeroPadding2D": {"dim_ordering": "data_format"},
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _RECURRENT),
    **{f"{k}Pooling{n}D": _POOLING for k in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{k}Pooling{n}D": _POOLING for k in ("Max", "Average") for n in (1, 2, 3)},
}
_MERGES = {
    "concat": "Concatenate",
    "dot": "Dot",
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
}
_DROPPED = {
    "Dense": ("input_dim",),
    "LSTM": ("input_dim", "consume_less"),
    "GRU": ("input_dim", "consume_less"),
    "SimpleRNN": ("input_dim", "consume_less"),
    "Conv1D": ("input_dim",),
    "BatchNormalization": ("mode",),
}
_VALUES: dict[str, dict[Any, Any]] = {
    "data_format": {"tf": "channels_last", "th": "channels_first", "default": "channels_last"},
    **{
        f"{role}_initializer": {
            "zero": "zeros",
            "one": "ones",
            "normal": "random_normal",
            "uniform": "random_uniform",
        }
        for role in ("kernel", "recurrent", "embeddings", "beta", "gamma")
    },
}


def modern(name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return class name and arguments of a layer as Keras 2 calls them.

    Args:
        name: The name of its class.
        config: Its arguments; those of Keras 2 come back as they are.

    Raises:
        ValueError: If the layer merges in a way that no layer of today does.
    """
    if name == "Merge" and get_registered_object(name) is None:
        return _merge(config)
    names, dropped = _ARGUMENTS.get(name, {}), _DROPPED.get(name, ())
    is_first = "inner_init" in config or "init" in config or "mode" in config
    found = {names.get(key, key): v for key, v in config.items() if key not in dropped}
    found.pop("input_dtype", None)
    if "nb_row" in found:
        found["kernel_size"] = [found.pop("nb_row"), found.pop("nb_col")]
    if "kernel_dim1" in found:
        found["kernel_size"] = [found.pop(f"kernel_dim{axis}") for axis in (1, 2, 3)]
    if "forget_bias_init" in found:
        found["unit_forget_bias"] = found.pop("forget_bias_init") == "one"
    if name == "Embedding" and is_first:
        found.pop("dropout", None)
    if name in ("GRU", "GRUCell"):
        found.setdefault("reset_after", False)  # there was no other
    return name, {key: _value(key, value) for key, value in found.items()}


def _merge(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = _MERGES.get(str(config.get("mode")))
    if name is None:
        raise ValueError(
            f"A layer `Merge` of mode {config.get('mode')!r} has no successor. Pass a class of "
            "your own, `custom_objects={'Merge': ...}`."
        )
    axis = {
        "Concatenate": {"axis": config.get("concat_axis", -1)},
        "Dot": {"axes": config.get("dot_axes", -1)},
    }
    return name, {"name": config.get("name"), **axis.get(name, {})}


def _value(key: str, value: Any) -> Any:
    if isinstance(value, dict) and value.get("name") in ("WeightRegularizer", "L1L2Regularizer"):
        amounts = {part: float(value.get(part, 0.0)) for part in ("l1", "l2")}
        return {"class_name": "L1L2", "config": amounts}
    return _VALUES.get(key, {}).get(value, value) if isinstance(value, str) else value


# Weights

# Where in Keras 1's list the arrays of each gate are, in today's order of gates.
_GATES = {"LSTM": (0, 6, 3, 9), "GRU": (0, 3, 6)}


def converted(
    layer: Any, shapes: Sequence[Any], read: Callable[[int], _Array], theano: bool = False
) -> list[_Array] | None:
    """Return the weights of a layer in today's layout, or `None` if they were in none known.

    Args:
        layer: The layer that they are for.
        shapes: The shapes in the file.
        read: Returns what lies at a place in the file.
        theano: Whether Theano computed with them, which turned kernels around.
    """
    kind = type(layer).__name__
    if kind == "Bidirectional" and not len(shapes) % 2:
        half = len(shapes) // 2
        first = converted(layer.forward_layer, shapes[:half], read, theano)
        second = converted(layer.backward_layer, shapes[half:], lambda i: read(i + half), theano)
        return None if first is None or second is None else [*first, *second]
    gates = _GATES.get(kind)
    if gates and len(shapes) == 3:
        return old_layers.from_cudnn(len(gates), shapes, read)
    if gates and len(shapes) == 3 * len(gates):
        return [np.concatenate([read(gate + part) for gate in gates], axis=-1) for part in range(3)]
    if kind in ("Conv1D", "Conv2D") and shapes and len(shapes[0]) == 4:
        kernel = _kernel(kind, read(0), tuple(layer.kernel.shape), theano)
        return None if kernel is None else [kernel, *(read(i) for i in range(1, len(shapes)))]
    return None


def _kernel(kind: str, kernel: _Array, wanted: tuple[int, ...], theano: bool) -> _Array | None:
    if kind == "Conv1D":
        kernel = kernel[:, 0]
    elif kernel.shape != wanted:  # channels first: out, in, rows, columns
        kernel = kernel.transpose(2, 3, 1, 0)
    if theano:
        kernel = np.ascontiguousarray(np.flip(kernel, tuple(range(kernel.ndim - 2))))
    return kernel if kernel.shape == wanted else None
