"""The graphs of functional models as Keras 1 and 2 wrote them, and as they are today."""

from collections.abc import Callable, Mapping
from typing import Any

_TF_CALLS = ("TFOpLambda", "SlicingOpLambda")
_CONSTANT = "_CONSTANT_VALUE"
_BOTH = {"y": "x2"}
# TensorFlow's functions between layers: Keras's operation, and its names for their arguments.
_REDUCED = {"axis": "axis", "keepdims": "keepdims"}
_FUNCTIONS: dict[str, tuple[str, dict[str, str]]] = {
    **{f"math.{name}": (found, _BOTH) for name, found in {
        "add": "Add", "subtract": "Subtract", "multiply": "Multiply", "truediv": "TrueDivide",
        "divide": "TrueDivide", "floordiv": "FloorDivide", "floormod": "Mod", "pow": "Power",
        "maximum": "Maximum", "minimum": "Minimum", "greater": "Greater", "less": "Less",
        "greater_equal": "GreaterEqual", "less_equal": "LessEqual", "equal": "Equal",
        "not_equal": "NotEqual", "logical_and": "LogicalAnd", "logical_or": "LogicalOr",
    }.items()},
    **{f"math.{name}": (found, {}) for name, found in {
        "abs": "Absolute", "negative": "Negative", "square": "Square", "sqrt": "Sqrt",
        "rsqrt": "Rsqrt", "exp": "Exp", "log": "Log", "sin": "Sin", "cos": "Cos", "tanh": "Tanh",
        "sigmoid": "Sigmoid", "sign": "Sign", "floor": "Floor", "ceil": "Ceil", "erf": "Erf",
        "softplus": "Softplus", "logical_not": "LogicalNot",
    }.items()},
    **{f"math.reduce_{name}": (name.capitalize(), _REDUCED) for name in (
        "mean", "sum", "max", "min", "prod", "any", "all"
    )},
    **{f"nn.{name}": (name.capitalize(), {}) for name in (
        "relu", "relu6", "elu", "selu", "sigmoid", "tanh", "softplus", "softsign"
    )},
    "__operators__.add": ("Add", _BOTH),
    "clip_by_value": ("Clip", {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "cast": ("Cast", {"dtype": "dtype"}),
    "concat": ("Concatenate", {"axis": "axis"}),
    "expand_dims": ("ExpandDims", {"axis": "axis"}),
    "identity": ("Identity", {}),
    "linalg.matmul": ("Matmul", {"b": "x2"}),
    "math.argmax": ("Argmax", {"axis": "axis"}),
    "nn.gelu": ("Gelu", {"approximate": "approximate"}),
    "nn.leaky_relu": ("LeakyRelu", {"alpha": "negative_slope"}),
    "nn.silu": ("Silu", {}),
    "nn.softmax": ("Softmax", {"axis": "axis"}),
    "one_hot": ("OneHot", {"depth": "num_classes"}),
    "reshape": ("Reshape", {"shape": "newshape"}),
    "squeeze": ("Squeeze", {"axis": "axis"}),
    "stack": ("Stack", {"axis": "axis"}),
    "tile": ("Tile", {"multiples": "repeats"}),
    "transpose": ("Transpose", {"perm": "axes"}),
    "where": ("Where", {"x": "x1", "y": "x2"}),
}  # fmt: skip


def modern(config: dict[str, Any]) -> dict[str, Any]:
    """Return the config of a functional model with today's names, nodes and operations.

    Args:
        config: What is under "config"; other configs come back as they are.
    """
    entries = config.get("layers")
    if not isinstance(entries, list) or "input_layers" not in config:
        return config
    names = {e.get("name") for e in entries if isinstance(e, dict)} - {None}
    slashed = {name for name in names if isinstance(name, str) and "/" in name}
    if slashed:  # Keras 3 allows no such names
        config = _renamed(config, slashed)
        names = {str(name).replace("/", "_") for name in names}
    layers = [_entry(entry, names) for entry in config["layers"]]
    for history in _own_first(layers):
        history[1] -= 1
    return {**config, "layers": layers}


def _own_first(entries: list[Any]) -> list[list[Any]]:
    """Return the references between steps to models, where calls count from their own wiring."""
    found: dict[Any, list[list[Any]]] = {}
    for entry in entries:
        for history in _histories(entry.get("inbound_nodes") if isinstance(entry, dict) else None):
            found.setdefault(history[0], []).append(history)
    models = [e.get("name") for e in entries if isinstance(e, dict) and _is_model(e)]
    counted = [found[name] for name in models if name in found]
    return [h for group in counted if min(h[1] for h in group) > 0 for h in group]


def _is_model(entry: dict[str, Any]) -> bool:
    inner = entry.get("config")
    return isinstance(inner, dict) and isinstance(inner.get("layers"), list)


def _histories(value: Any) -> list[list[Any]]:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [value["config"]["keras_history"]]
        value = list(value.values())
    return [h for item in value for h in _histories(item)] if isinstance(value, list) else []


def _renamed(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value.replace("/", "_") if isinstance(value, str) and value in names else value


def _entry(entry: Any, names: set[Any]) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("inbound_nodes"), list):
        return entry
    nodes = [_node(node, names) for node in entry["inbound_nodes"]]
    if entry.get("class_name") in _TF_CALLS:
        return _operation(entry, nodes)
    return {**entry, "inbound_nodes": nodes}


def _node(node: Any, names: set[Any]) -> Any:
    """Return a node as `args` and `kwargs`; Keras 1 and 2 wrote lists of layer, call, tensor."""
    if isinstance(node, Mapping) and node.keys() == {"args", "kwargs"}:
        return node
    kwargs: dict[str, Any] = {}

    def tensor(entry: Any) -> Any:
        if isinstance(entry, Mapping):
            return {key: tensor(item) for key, item in entry.items()}
        if entry and not isinstance(entry[0], str):
            return [tensor(item) for item in entry]
        kwargs.update(entry[3] if len(entry) > 3 else {})
        return entry[2] if entry[0] == _CONSTANT else _symbol(entry[:3])

    found = tensor(node)
    first = found[0] if isinstance(found, list) and len(found) == 1 else found
    return {"args": [first], "kwargs": {key: _value(v, names) for key, v in kwargs.items()}}


def _symbol(history: Any) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": list(history)}}


def _value(value: Any, names: set[Any]) -> Any:
    if isinstance(value, dict):
        return {key: _value(item, names) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    is_tensor = len(value) in (3, 4) and isinstance(value[0], str) and value[0] in names
    return _symbol(value[:3]) if is_tensor else [_value(item, names) for item in value]


def _operation(entry: dict[str, Any], nodes: list[Any]) -> dict[str, Any]:
    function = (entry.get("config") or {}).get("function")
    change: Callable[[str, Any], Any] = _sliced if function == _GET_ITEM else _called
    found = [change(str(function), node) for node in nodes]
    return {
        "module": "keras.ops",
        "class_name": "GetItem" if function == _GET_ITEM else _known(str(function))[0],
        "config": {"name": entry.get("name")},
        "name": entry.get("name"),
        "inbound_nodes": found,
    }


_GET_ITEM = "__operators__.getitem"


def _known(function: str) -> tuple[str, dict[str, str]]:
    if function not in _FUNCTIONS:
        raise ValueError(
            f"The model calls TensorFlow's function {function!r} between its layers, which is not "
            "known here. Make the model in code with `ops`, and `load_weights` from this file."
        )
    return _FUNCTIONS[function]


def _called(function: str, node: Any) -> dict[str, Any]:
    renamed = _known(function)[1]
    given = {k: v for k, v in node["kwargs"].items() if v is not None and v is not False}
    if unknown := sorted(given.keys() - renamed.keys() - {"name"}):
        raise ValueError(
            f"The model calls TensorFlow's function {function!r} with {unknown}, which is not "
            "known here. Make the model in code with `ops`, and `load_weights` from this file."
        )
    return {**node, "kwargs": {renamed[k]: v for k, v in given.items() if k != "name"}}


def _sliced(function: str, node: Any) -> dict[str, Any]:
    spec = node["kwargs"].get("slice_spec")
    parts = [_part(item) for item in (spec if isinstance(spec, list) else [spec])]
    return {"args": [*node["args"], parts], "kwargs": {}}


def _part(item: Any) -> Any:
    if isinstance(item, dict) and item.keys() == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": item}
    if item == {"type": "Ellipsis"} or item == "...":
        return {"class_name": "__ellipsis__", "config": {}}
    return item
