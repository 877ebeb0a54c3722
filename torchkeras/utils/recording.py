"""What every layer of a model gives for some inputs: models of torchkeras, torch and Keras."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from torchkeras import tree
from torchkeras.layers.layer import Layer

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Output:
    """What a layer gave.

    Args:
        name: The layer.
        kind: Its class.
        value: The first of its outputs.
    """

    name: str
    kind: str
    value: Array


def record(model: Any, inputs: Any) -> list[Output]:
    """Return the outputs of all layers in the order in which they were ready, the model's own last.

    Args:
        model: A model of torchkeras or Keras, or any torch module.
        inputs: A batch for it.
    """
    if is_keras(model):
        return _record_keras(model, inputs)
    found: list[Output] = []
    with ExitStack() as stack:
        for name, module in _watched(model):
            hook = module.register_forward_hook(_noting(found, name))
            stack.callback(hook.remove)
        stack.enter_context(_inferring(model))
        outputs = model(_placed(inputs, model))
    return [*found, *_finals(outputs)]


def is_keras(model: Any) -> bool:
    """Say whether something is a model of Keras itself."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(model, keras.layers.Layer)


def _watched(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    if not isinstance(model, Layer):
        yield from ((name, module) for name, module in model.named_modules() if name)
        return
    yield from _layers(model, "")


def _layers(parent: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the layers of a model and of the models in it, but not what is in layers."""
    for layer in parent.layers if hasattr(parent, "layers") else ():
        name = f"{path}{layer.name}"
        if hasattr(layer, "get_layer"):
            yield from _layers(layer, f"{name}/")
        elif type(layer).__name__ != "InputLayer":
            yield name, layer


def _noting(found: list[Output], name: str) -> Any:
    def note(module: nn.Module, args: Any, output: Any) -> None:
        value = _first(output)
        if value is not None:
            found.append(Output(name, type(module).__name__, value))

    return note


@contextmanager
def _inferring(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def _placed(inputs: Any, model: nn.Module) -> Any:
    parameter = next(model.parameters(), None)
    device = "cpu" if parameter is None else parameter.device

    def place(leaf: Any) -> Any:
        array = leaf if isinstance(leaf, Tensor) else np.asarray(leaf)
        if isinstance(array, np.ndarray) and array.dtype.kind not in "biufc":
            return leaf
        tensor = torch.as_tensor(array)
        return tensor.to(device, torch.float32 if tensor.dtype == torch.float64 else None)

    return tree.map_structure(place, inputs)


def _finals(outputs: Any) -> list[Output]:
    leaves = [value for leaf in tree.flatten(outputs) if (value := _array(leaf)) is not None]
    names = ["(outputs)"] if len(leaves) == 1 else [f"(outputs {i})" for i in range(len(leaves))]
    return [Output(name, "", value) for name, value in zip(names, leaves, strict=True)]


def _first(output: Any) -> Array | None:
    return next((v for leaf in tree.flatten(output) if (v := _array(leaf)) is not None), None)


def _array(leaf: Any) -> Array | None:
    if isinstance(leaf, Tensor) and not isinstance(leaf, nn.Parameter):
        host = leaf.detach().cpu()
        plain = host.as_subclass(Tensor)
        array: Array = (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()
        return array.copy()
    keras = sys.modules.get("keras")
    if keras is None or not keras.ops.is_tensor(leaf):
        return None
    return np.array(keras.ops.convert_to_numpy(leaf))


def _record_keras(model: Any, inputs: Any) -> list[Output]:
    found: list[Output] = []
    with ExitStack() as stack:
        for name, layer in _layers(model, ""):
            vars(layer)["call"] = _calling(layer.call, found, name, type(layer).__name__)
            stack.callback(vars(layer).pop, "call")
        outputs = model(tree.map_structure(_host, inputs), training=False)
    return [*found, *_finals(outputs)]


def _host(leaf: Any) -> Any:
    return leaf.detach().cpu().numpy() if isinstance(leaf, Tensor) else leaf


def _calling(call: Any, found: list[Output], name: str, kind: str) -> Any:
    def noting(*args: Any, **kwargs: Any) -> Any:
        output = call(*args, **kwargs)
        value = _first(output)
        if value is not None:
            found.append(Output(name, kind, value))
        return output

    return noting
