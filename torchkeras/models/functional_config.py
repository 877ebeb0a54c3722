"""Functional models as Keras's config dialect, and back."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch

from torchkeras import tree
from torchkeras._base.messages import did_you_mean
from torchkeras._base.naming import to_snake_case
from torchkeras._base.registry import custom_object_scope
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._symbolic.program import Constant, Program, Ref, Step
from torchkeras._symbolic.tensor import KerasTensor, record

# Python's operators, under the names that Keras gives to the same operations.
_OPERATORS: dict[str, Callable[..., Any]] = {
    "Add": operator.add,
    "Subtract": operator.sub,
    "Multiply": operator.mul,
    "TrueDivide": operator.truediv,
    "FloorDivide": operator.floordiv,
    "Mod": operator.mod,
    "Power": operator.pow,
    "Matmul": operator.matmul,
    "Negative": operator.neg,
    "Absolute": operator.abs,
    "LogicalNot": operator.invert,
    "LogicalAnd": operator.and_,
    "LogicalOr": operator.or_,
    "LogicalXor": operator.xor,
    "Less": operator.lt,
    "LessEqual": operator.le,
    "Greater": operator.gt,
    "GreaterEqual": operator.ge,
    "Equal": operator.eq,
    "NotEqual": operator.ne,
    "GetItem": operator.getitem,
}
OPERATOR_NAMES = {function: name for name, function in _OPERATORS.items()}
_OPERATOR_MODULE = "keras.src.ops.numpy"
_TORCH_PREFIX = "torch."


def encode(model: Any) -> dict[str, Any]:
    """Return the config of a functional model."""
    program = model.program
    assert program is not None
    calls = _calls_by_name(program)
    written = []
    for name, indices in calls.items():
        step = program.steps[indices[0]]
        entry = serialize_keras_object(model.get_layer(name)) if step.is_layer else _function(step)
        nodes = [_arguments(program, program.steps[i], calls) for i in indices]
        entry["name"] = name
        entry["inbound_nodes"] = [] if step.is_input else nodes
        written.append(entry)
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": written,
        "input_layers": _histories(program.inputs, program, calls),
        "output_layers": _histories(program.outputs, program, calls),
    }


def _calls_by_name(program: Program) -> dict[str, list[int]]:
    """Return, for each layer or function step, the numbers of its steps."""
    calls: dict[str, list[int]] = {}
    for index, step in enumerate(program.steps):
        calls.setdefault(step.name, []).append(index)
    return calls


def _history(ref: Ref, program: Program, calls: Mapping[str, list[int]]) -> list[Any]:
    name = program.steps[ref.step].name
    return [name, calls[name].index(ref.step), ref.leaf]


def _histories(structure: Any, program: Program, calls: Mapping[str, list[int]]) -> Any:
    written = tree.map_structure(lambda ref: _History(_history(ref, program, calls)), structure)
    return _unwrap(written)


class _History:
    """A history that `tree` takes for a leaf."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items


def _unwrap(value: Any) -> Any:
    if isinstance(value, _History):
        return value.items
    if isinstance(value, dict):
        return {key: _unwrap(item) for key, item in value.items()}
    return [_unwrap(item) for item in value]


def _arguments(program: Program, step: Step, calls: Mapping[str, list[int]]) -> dict[str, Any]:
    def leaf(value: Any) -> Any:
        if isinstance(value, Constant):
            return program.constants[value.index]
        if not isinstance(value, Ref):
            return value
        return _SymbolConfig(value, program, calls)

    args, kwargs = tree.map_structure(leaf, (step.args, step.kwargs))
    return {"args": _plain(list(args)), "kwargs": _plain(kwargs)}


class _SymbolConfig:
    """How an argument that is another step's output is written."""

    def __init__(self, ref: Ref, program: Program, calls: Mapping[str, list[int]]) -> None:
        spec = tree.flatten(program.steps[ref.step].outputs)[ref.leaf]
        self.config = {
            "class_name": "__keras_tensor__",
            "config": {
                "shape": list(spec.shape),
                "dtype": spec.dtype,
                "keras_history": _history(ref, program, calls),
            },
        }


def _plain(value: Any) -> Any:
    if isinstance(value, _SymbolConfig):
        return value.config
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return serialize_keras_object(value)


def _function(step: Step) -> dict[str, Any]:
    """Write a function step: an operator as Keras's operation, any other under its own name."""
    function: Any = step.target
    module, name = _OPERATOR_MODULE, OPERATOR_NAMES.get(function)
    if name is None:
        module, name = _module_of(function), function.__name__
    return {
        "module": module,
        "class_name": name,
        "config": {"name": step.name},
        "registered_name": name,
    }


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
    if ".ops" in module or module == "keras.ops":
        return _OPERATORS.get(name) or _op(name)
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


def _op(name: str) -> Callable[..., Any] | None:
    import sys

    ops = sys.modules.get(f"{__name__.partition('.')[0]}.ops")
    return getattr(ops, to_snake_case(name), None) or getattr(ops, name, None)


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
        for entry in entries:
            name = str(entry.get("name") or entry["config"]["name"])
            target: Any = find_function(entry) or deserialize_keras_object(entry)
            if not entry["inbound_nodes"]:
                self.outputs[name, 0] = tree.flatten(target.output)
            for index, node in enumerate(entry["inbound_nodes"]):
                self.waiting.append((name, index, target, _standard_node(node)))

    def run(self) -> None:
        """Make all calls."""
        while self.waiting:
            ready = [call for call in self.waiting if self._is_ready(call[3])]
            if not ready:
                names = [call[0] for call in self.waiting]
                raise ValueError(
                    f"The config's layers {names} cannot be connected: their inputs come from "
                    "layers that the config does not have, or from each other."
                )
            self.waiting = [call for call in self.waiting if call not in ready]
            for name, index, target, node in ready:
                self.outputs[name, index] = tree.flatten(self._call(name, target, node))

    def _is_ready(self, node: Mapping[str, Any]) -> bool:
        return all((name, index) in self.outputs for name, index, _ in _histories_in(node))

    def _call(self, name: str, target: Any, node: Mapping[str, Any]) -> Any:
        args = tuple(self._value(item) for item in node["args"])
        kwargs = {key: self._value(item) for key, item in node["kwargs"].items()}
        if isinstance(target, torch.nn.Module):
            return target(*args, **kwargs)
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
            return self._symbol(structure)
        if isinstance(structure, Mapping):
            return {key: self.symbols(value) for key, value in structure.items()}
        return [self.symbols(value) for value in structure]


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
