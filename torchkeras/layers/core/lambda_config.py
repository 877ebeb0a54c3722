"""The functions of `Lambda` in configs: names, and the code of functions that have none."""

from collections.abc import Mapping
from types import FunctionType
from typing import Any

from torchkeras._base import bytecode
from torchkeras._base.registry import get_registered_object
from torchkeras._base.serialization import serialize_keras_object
from torchkeras._base.switches import in_safe_mode

_FUNCTIONS = ("function", "output_shape", "mask")
_KINDS = ("module", *(f"{key}_{what}" for key in _FUNCTIONS for what in ("type", "module")))


def written(value: Any) -> Any:
    """Return an argument of `Lambda` as a config has it.

    Args:
        value: The argument.
    """
    if isinstance(value, FunctionType) and value.__name__ == "<lambda>":
        return bytecode.config_of(value, serialize_keras_object)
    return serialize_keras_object(value)


def modern(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config of a `Lambda` with its functions as they are written today.

    A function of the caller, found under the layer's name, takes the place of code.

    Args:
        config: The config as Keras 2 or 3 wrote it.

    Raises:
        ValueError: If there is code and nothing to take its place, in safe mode.
    """
    found = {key: value for key, value in config.items() if key not in _KINDS}
    for key in _FUNCTIONS:
        if key in config:
            found[key] = _function(config[key], config.get(f"{key}_type"))
    if in_safe_mode() and _is_code(found.get("output_shape")):
        del found["output_shape"]  # which is found by trial
    for key in ("function", "mask"):
        if _is_code(found.get(key)):
            found[key] = _of_caller(config.get("name"), key) or found[key]
    return found


def _function(value: Any, kind: Any) -> Any:
    """Return a function as Keras 3 writes it; Keras 1 and 2 told its kind beside it."""
    if kind == "lambda":
        parts = [*value, None, None] if isinstance(value, (list, tuple)) else [value, None, None]
        code, defaults, closure = parts[:3]
        inner = {"code": code, "defaults": defaults, "closure": closure}
        return {"class_name": bytecode.CLASS_NAME, "config": inner}
    if kind == "function" and isinstance(value, str):
        return {"module": None, "class_name": "function", "config": value}
    return value


def _is_code(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("class_name") == bytecode.CLASS_NAME


def _of_caller(layer: Any, key: str) -> Any:
    name = layer if key == "function" else f"{layer}.{key}"
    found = get_registered_object(name) if isinstance(name, str) else None
    if callable(found) or not in_safe_mode():
        return found
    raise ValueError(
        f"Refused the `{key}` of the `Lambda` layer {layer!r}: it is Python bytecode, which could "
        f"run anything. Pass the function itself, `custom_objects={{{name!r}: ...}}`, and nothing "
        f"in the file is run; or, {bytecode.UNSAFE}"
    )
