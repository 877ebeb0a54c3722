"""Functional models as Keras's config dialect, and back."""

import heapq
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from torchkeras import tree
from torchkeras._base.messages import did_you_mean
from torchkeras._base.registry import custom_object_scope
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._state.masked import mask_of
from torchkeras._symbolic.operators import OPERATORS
from torchkeras._symbolic.program import Constant, Ref, Step
from torchkeras._symbolic.tensor import KerasTensor, record

from . import keras_operations
from .pieces import check_pieces

CLASS_BY_OPERATOR = {
    function: "".join(word.capitalize() for word in name.split("_"))
    for name, function in OPERATORS.items()
}
_OPERATOR_BY_CLASS = {name: function for function, name in CLASS_BY_OPERATOR.items()}
_OPERATOR_MODULE = "keras.src.ops.numpy"


def encode(model: Any) -> dict[str, Any]:
    """Return the config of a functional model."""
    return _Writer(model).config()


class _Written:
    """Something already in the form of a config, which `tree` takes for a leaf."""

    def __init__(self, form: Any) -> None:
        self.form = form


class _Writer:
    """Writes the program of a model, naming tensors by layer, call and leaf."""

    def __init__(self, model: Any) -> None:
        self.model, self.program = model, model.program
        self.calls: dict[str, list[int]] = {}
        for index, step in enumerate(self.program.steps):
            self.calls.setdefault(step.name, []).append(index)

    def config(self) -> dict[str, Any]:
        return {
            "name": self.model.name,
            "trainable": self.model.trainable,
            "layers": [self._entry(name) for name in self.calls],
            "input_layers": self._histories(self.program.inputs),
            "output_layers": self._histories(self.program.outputs),
        }

    def _entry(self, name: str) -> dict[str, Any]:
        steps = [self.program.steps[index] for index in self.calls[name]]
        first = steps[0]
        entry = (
            serialize_keras_object(self.model.get_layer(name))
            if first.is_layer
            else _function(first)
        )
        entry["name"] = name
        entry["inbound_nodes"] = [] if first.is_input else [self._node(step) for step in steps]
        return entry

    def _node(self, step: Step) -> dict[str, Any]:
        args, kwargs = tree.map_structure(self._argument, _called(step))
        if step.is_layer and hasattr(self.model.get_layer(step.name), "program"):
            kwargs = {"mask": None, **kwargs}
        return {"args": _plain(list(args)), "kwargs": _plain(kwargs)}

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Constant):
            return self.program.constants[value.index]
        if not isinstance(value, Ref):
            return value
        spec = tree.flatten(self.program.steps[value.step].outputs)[value.leaf]
        written = {
            "shape": list(spec.shape),
            "dtype": spec.dtype,
            "keras_history": self._history(value),
        }
        return _Written({"class_name": "__keras_tensor__", "config": written})

    def _history(self, ref: Ref) -> list[Any]:
        name = self.program.steps[ref.step].name
        return [name, self.calls[name].index(ref.step), ref.leaf]

    def _histories(self, structure: Any) -> Any:
        """Write where inputs or outputs of the whole model come from."""

        def write(ref: Ref) -> list[Any]:
            name, call, leaf = self._history(ref)
            step = self.program.steps[ref.step]
            layer = self.model.get_layer(name) if step.is_layer else None
            return [name, call + _own_calls(layer), leaf]

        return tree.map_structure(write, structure)


def _own_calls(layer: Any) -> int:
    """Return 1 for a functional model: its own wiring counts as a call in `output_layers`."""
    return int(getattr(layer, "counts_own_wiring", False))


def _plain(value: Any) -> Any:
    if isinstance(value, _Written):
        return value.form
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return serialize_keras_object(value)


def _function(step: Step) -> dict[str, Any]:
    """Write a function step: as Keras's operation if it has one, otherwise under its own name."""
    function: Any = step.target
    settings: dict[str, Any] = {}
    name = CLASS_BY_OPERATOR.get(function)
    known = (_OPERATOR_MODULE, name) if name else keras_operations.identity(function)
    if known is not None and name is None:
        settings = _divided(step)[0]
    module, name = known or (_module_of(function), function.__name__)
    return {
        "module": module,
        "class_name": name,
        "config": {"name": step.name, **{key: _plain(value) for key, value in settings.items()}},
        "registered_name": name,
    }


def _divided(step: Step) -> tuple[dict[str, Any], Any, Any]:
    """Return settings, arguments and named arguments; settings that are tensors stay with these."""
    function: Any = step.target
    if function not in CLASS_BY_OPERATOR and keras_operations.identity(function):
        settings, args, kwargs = keras_operations.split(function, step.args, step.kwargs)
        if not any(isinstance(leaf, (Ref, Constant)) for leaf in tree.flatten(settings)):
            return settings, args, kwargs
    return {}, step.args, step.kwargs


def _called(step: Step) -> tuple[Any, Any]:
    """Return arguments and named arguments of a step as Keras hands them to the call."""
    if step.is_layer:
        return step.args, step.kwargs
    _, args, kwargs = _divided(step)
    if step.target is operator.getitem:  # Keras takes lists for tuples
        args = (args[0], _index(args[1]))
    return args, kwargs


def _index(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(_index(item) for item in key)
    return _Written(serialize_keras_object(np.asarray(key))) if isinstance(key, list) else key


def _module_of(function: Any) -> str:
    owner = getattr(function, "__objclass__", None)
    if owner is not None and issubclass(torch.Tensor, owner):
        return "torch.Tensor"
    module = str(getattr(function, "__module__", None) or "torch")
    for public, place in _TORCH_PLACES.items():
        if getattr(place, function.__name__, None) is function:
            return public
    return module


_TORCH_PLACES: dict[str, Any] = {
    "torch": torch,
    "torch.nn.functional": torch.nn.functional,
    "torch.Tensor": torch.Tensor,
    "torch.special": torch.special,
    "torch.linalg": torch.linalg,
    "torch.fft": torch.fft,
}


def find_function(config: Mapping[str, Any]) -> Callable[..., Any] | None:
    """Return the function of a step that is no layer, or `None` if the config names a class."""
    module, name = str(config.get("module") or ""), config.get("class_name")
    if not isinstance(name, str) or name.startswith("_"):
        return None
    if module in _TORCH_PLACES:
        return _torch_function(module, name)
    if (module, name) == (mask_of.__module__, mask_of.__name__):
        return mask_of
    if ".ops" in module:
        return _OPERATOR_BY_CLASS.get(name) or keras_operations.find(name)
    return None


def _torch_function(module: str, name: str) -> Callable[..., Any]:
    """Return a public torch function of tensors; only those that symbols can record are allowed."""
    function = getattr(_TORCH_PLACES[module], name, None)
    if not callable(function) or not _takes_tensors(function):
        raise ValueError(
            f"The config names {module}.{name}, which is no torch function of tensors. "
            "Only functions that torch lets tensor-like objects override can be in a model."
        )
    return function


def _takes_tensors(function: Any) -> bool:
    from torch.overrides import get_overridable_functions

    return any(function in functions for functions in get_overridable_functions().values())


# Reading


def decode(cls: Any, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
    """Make a functional model from its config."""
    with custom_object_scope(custom_objects or {}):
        reader = _Reader(config["layers"])
        reader.run()
    made = cls(
        inputs=reader.symbols(config["input_layers"]),
        outputs=reader.symbols(config["output_layers"]),
        name=config.get("name"),
    )
    if config.get("trainable") is False:
        made.trainable = False
    return made


class _Reader:
    """Makes the layers of a config and calls them, each call as soon as its inputs exist."""

    def __init__(self, entries: list[Mapping[str, Any]]) -> None:
        self.outputs: dict[tuple[str, int], list[Any]] = {}
        self.waiting: list[tuple[str, int, Any, Mapping[str, Any]]] = []
        self.targets: dict[str, Any] = {}
        self.settings: dict[str, Mapping[str, Any]] = {}
        for entry in entries:
            name = str(entry.get("name") or entry["config"]["name"])
            self.targets[name] = target = self._target(entry)
            self.settings[name] = entry.get("config") or {}
            if not entry["inbound_nodes"]:
                self.outputs[name, 0] = tree.flatten(target.output)
            for index, node in enumerate(entry["inbound_nodes"]):
                self.waiting.append((name, index, target, _standard_node(node)))

    def _target(self, entry: Mapping[str, Any]) -> Any:
        return find_function(entry) or deserialize_keras_object(entry)

    def run(self) -> None:
        """Make all calls, in the order of the config as far as their inputs allow."""
        followers: dict[Any, list[int]] = {}
        missing = [self._missing(node) for *_, node in self.waiting]
        for place, names in enumerate(missing):
            for name in names:
                followers.setdefault(name, []).append(place)
        ready = [place for place, names in enumerate(missing) if not names]
        done = set(ready)
        while ready:
            name, index, target, node = self.waiting[heapq.heappop(ready)]
            self.outputs[name, index] = tree.flatten(self._call(name, target, node))
            for place in followers.get((name, index), ()):
                missing[place].discard((name, index))
                if not missing[place] and place not in done:
                    done.add(place)
                    heapq.heappush(ready, place)
        if len(done) < len(self.waiting):
            left = [call[0] for place, call in enumerate(self.waiting) if place not in done]
            raise ValueError(
                f"The config's layers {left} cannot be connected: their inputs come from "
                "layers that the config does not have, or from each other."
            )

    def _missing(self, node: Mapping[str, Any]) -> set[Any]:
        """Return the calls whose outputs a call waits for."""
        return {
            (name, index)
            for name, index, _ in _histories_in(node)
            if (name, index) not in self.outputs
        }

    def _call(self, name: str, target: Any, node: Mapping[str, Any]) -> Any:
        args = tuple(self._value(item) for item in node["args"])
        kwargs = {key: self._value(item) for key, item in node["kwargs"].items()}
        if kwargs.get("mask", self) is None:
            del kwargs["mask"]
        if isinstance(target, torch.nn.Module):
            return target(*args, **kwargs)
        if kwargs and target in CLASS_BY_OPERATOR:  # operators take no names
            target = keras_operations.find(CLASS_BY_OPERATOR[target])
        if keras_operations.identity(target):
            settings = {key: self._value(item) for key, item in self.settings[name].items()}
            args, kwargs = keras_operations.joined(target, settings, args, kwargs)
        if target is operator.getitem and isinstance(args[1], list):
            args = (args[0], tuple(args[1]))
        check_pieces(name, target, args, kwargs)
        outputs = record(target, args, kwargs)
        first = tree.flatten(outputs)[0]
        if isinstance(first, KerasTensor):
            first.name = name
        return outputs

    def _value(self, item: Any) -> Any:
        if isinstance(item, (list, tuple)):
            return type(item)(self._value(inner) for inner in item)
        if isinstance(item, Mapping):
            kind = item.get("class_name")
            if kind == "__keras_tensor__":
                return self._symbol(item["config"]["keras_history"])
            if kind == "__tuple__":
                return tuple(self._value(inner) for inner in item["items"])
            if kind is None:
                return {key: self._value(inner) for key, inner in item.items()}
        return deserialize_keras_object(item)

    def _symbol(self, history: Any) -> Any:
        name, node, leaf = history
        if (name, node) not in self.outputs or leaf >= len(self.outputs[name, node]):
            known = sorted({key[0] for key in self.outputs})
            raise ValueError(
                f"The config refers to {history!r}, which is no output of its layers {known}."
                f"{did_you_mean(name, known)}"
            )
        return self.outputs[name, node][leaf]

    def symbols(self, structure: Any) -> Any:
        """Return the symbols that a structure of histories names."""
        if _is_history(structure):
            name, call, leaf = structure
            return self._symbol([name, call - _own_calls(self.targets.get(name)), leaf])
        if isinstance(structure, Mapping):
            return {key: self.symbols(value) for key, value in structure.items()}
        found = [self.symbols(value) for value in structure]
        return tuple(found) if isinstance(structure, tuple) else found


def _is_history(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 3 and isinstance(value[0], str)


def _histories_in(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            return [value["config"]["keras_history"]]
        return [found for item in value.values() for found in _histories_in(item)]
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in _histories_in(item)]
    return []


def _standard_node(node: Any) -> Mapping[str, Any]:
    """Return a node as `args` and `kwargs`; Keras 2 wrote lists of layer, node, tensor, kwargs."""
    if isinstance(node, Mapping):
        return node
    symbols = [
        {"class_name": "__keras_tensor__", "config": {"keras_history": list(entry[:3])}}
        for entry in node
    ]
    kwargs = dict(node[0][3]) if len(node[0]) > 3 else {}
    return {"args": [symbols[0] if len(symbols) == 1 else symbols], "kwargs": kwargs}
