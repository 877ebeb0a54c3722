"""Layers that Keras 1 and 2 had and Keras 3 has not: what each of them is today, or why none."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from torchkeras._base.registry import find_builtin, get_registered_object

_Array = np.ndarray[Any, Any]

_RENAMED = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "SeparableConvolution2D": "SeparableConv2D",
    "TimeDistributedDense": "Dense",  # which leaves all axes but the last alone
}
# What NVIDIA's kernels compute, whatever the defaults of the layers are.
_CUDNN = {"activation": "tanh", "recurrent_activation": "sigmoid"}
_INSTALL = "`torchkeras.legacy.install()` brings it back: call it before loading"
_LEGACY = ("Highway", "LocallyConnected1D", "LocallyConnected2D", "MaxoutDense")
_GONE = {
    **dict.fromkeys(_LEGACY, _INSTALL),
    "ConvRecurrent2D": "write one with `RNN` and a cell",
    "Deconvolution2D": "make the model with `Conv2DTranspose`, and `set_weights`",
    "DenseFeatures": "use a `FeatureSpace`",
    "ParametricSoftplus": "write one with `ops.softplus`",
    "RandomHeight": "use `RandomZoom`",
    "RandomWidth": "use `RandomZoom`",
    "SReLU": "write one with `ReLU` layers",
    "TensorFlowOpLayer": "make the model in code with `ops`, and `load_weights` from this file",
}
_VERSION = re.compile(r"V[12]$")


def modern(class_name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return class name and arguments of the layer that has taken the place of an old one.

    Args:
        class_name: The name of its class.
        config: Its arguments; those of layers that are still there come back as they are.

    Raises:
        ValueError: If no layer has.
    """
    if get_registered_object(class_name) is not None:
        return class_name, config
    if class_name in ("CuDNNLSTM", "CuDNNGRU"):
        kind = class_name.removeprefix("CuDNN")
        return kind, {**config, **_CUDNN, **({"reset_after": True} if kind == "GRU" else {})}
    if class_name == "ThresholdedReLU":
        kept = {key: value for key, value in config.items() if key != "theta"}
        return "ReLU", {**kept, "threshold": config.get("theta", 1.0)}
    if class_name in _GONE:
        return _brought_back(class_name), config
    plain = _VERSION.sub("", class_name)  # of TensorFlow 1 and 2
    if plain != class_name and find_builtin(None, class_name) is None:
        class_name = plain
    return _RENAMED.get(class_name, class_name), config


def _brought_back(class_name: str) -> str:
    name = f"torchkeras.legacy>{class_name}"
    if get_registered_object(name) is None:
        raise ValueError(
            f"The model has a layer of class {class_name!r}, which Keras 3 has not: "
            f"{_GONE[class_name]}. Or pass a class of your own, "
            f"`custom_objects={{{class_name!r}: ...}}`."
        )
    return name


def from_cudnn(
    gates: int, shapes: Sequence[Any], read: Callable[[int], _Array]
) -> list[_Array] | None:
    """Return the weights of a `CuDNNLSTM` or `CuDNNGRU` as `LSTM` or `GRU` has them, or `None`.

    Each gate's kernels are laid out the other way round, and there are two biases in one array:
    LSTM adds them up, and GRU keeps a row for each.

    Args:
        gates: How many gates the layer has.
        shapes: The shapes in the file.
        read: Returns what lies at a place in the file.
    """
    if len(shapes) != 3 or len(shapes[1]) != 2:
        return None
    units = shapes[1][0]
    if shapes[1] != (units, gates * units) or shapes[2] != (2 * gates * units,):
        return None
    kernel, recurrent, bias = read(0), read(1), read(2).reshape(2, -1)
    turned = [
        np.concatenate([gate.reshape(units, -1).T for gate in np.split(part, gates, 1)], 1)
        for part in (kernel, recurrent)
    ]
    return [*turned, bias.sum(0) if gates == 4 else bias]
