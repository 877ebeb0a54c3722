"""Keras's config dialect: objects to nested dictionaries of plain values, and back.

An object is written as `{"module", "class_name", "config", "registered_name"}`. Reading looks
classes up in the registry alone; no name in a config is ever imported, called by path or opened.
"""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from . import budget, bytecode, registry
from .dtypes import NAMES, TORCH_DTYPES
from .messages import did_you_mean, show
from .sharing import made_before, note_made, note_written
from .switches import in_safe_mode, safe_mode_scope

# Besides numbers, objects: they are what they are in the config, plain values.
_NUMPY_DTYPES = {*TORCH_DTYPES, "object"}
_PLAIN = (str, int, float, bool, type(None))


def serialize_keras_object(obj: Any) -> Any:
    """Turn an object into plain values from which `deserialize_keras_object` makes its equal.

    Args:
        obj: A plain value, an array, a container, a public function or an object with
            `get_config()`.

    Raises:
        ValueError: If the object has no `get_config()` and is no plain value.

    Example:
        >>> import torchkeras
        >>> torchkeras.saving.serialize_keras_object(torchkeras.regularizers.L2(0.1))["config"]
        {'l2': 0.1}
    """
    if isinstance(obj, np.generic):
        obj = obj.item()
    if isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, (list, tuple)):
        items = [serialize_keras_object(item) for item in obj]
        return items if isinstance(obj, list) else tuple(items)
    if isinstance(obj, Mapping) and not hasattr(obj, "get_config"):
        return {str(key): serialize_keras_object(value) for key, value in obj.items()}
    return _serialize_special(obj)


def _serialize_special(obj: Any) -> Any:
    if isinstance(obj, (np.ndarray, torch.Tensor)):
        kind = "__tensor__" if isinstance(obj, torch.Tensor) else "__numpy__"
        values = obj.detach().cpu() if isinstance(obj, torch.Tensor) else obj
        dtype = NAMES[obj.dtype] if isinstance(obj, torch.Tensor) else obj.dtype.name
        return {"class_name": kind, "config": {"value": values.tolist(), "dtype": dtype}}
    if isinstance(obj, torch.dtype):
        return NAMES[obj]
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": _text_of(obj)}}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, slice):
        bounds = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        return {"class_name": "__slice__", "config": serialize_keras_object(bounds)}
    if inspect.isfunction(obj) or inspect.isclass(obj):
        return _serialize_named(obj)
    if hasattr(obj, "get_config"):
        return _serialize_instance(obj)
    raise ValueError(
        f"Cannot turn {show(obj)} (of type {type(obj).__name__}) into a config. Give the class a "
        "`get_config()` method that returns the arguments of its `__init__`."
    )


def _text_of(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"Cannot turn {show(raw)} into a config: it is no UTF-8.") from error


def _serialize_named(obj: Any) -> dict[str, Any]:
    kind = "function" if inspect.isfunction(obj) else "class"
    if obj.__name__ == "<lambda>":
        raise ValueError(
            f"A lambda cannot be written into a config: {obj}. Define a named function and "
            "register it with `@torchkeras.saving.register_keras_serializable()`."
        )
    name = registry.get_registered_name(obj)
    # Keras writes the module of the kind: functions and classes are Python's own.
    return {"module": "builtins", "class_name": kind, "config": name, "registered_name": kind}


def _serialize_instance(obj: Any) -> dict[str, Any]:
    cls = type(obj)
    builtin = registry.builtin_module(cls)
    written: dict[str, Any] = {
        "module": vars(cls).get("_keras_module") or builtin or _own_module(cls),
        "class_name": getattr(cls, "_keras_class_name", cls.__name__),
        "config": _plain_config(obj.get_config()),
        "registered_name": None if builtin else registry.get_registered_name(cls),
    }
    extra = getattr(obj, "_extra_serialization", None)
    if extra is not None:
        written.update(extra())
    note_written(obj, written)
    return written


def _own_module(cls: type) -> str | None:
    return None if cls.__module__ in ("__main__", "builtins") else cls.__module__


def _plain_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Keep tuples of a config as lists, as Keras's JSON does, and encode whatever is not plain."""
    return {str(key): _plain_value(value) for key, value in config.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, tuple) and all(isinstance(item, _PLAIN) for item in value):
        return value
    return serialize_keras_object(value)


def deserialize_keras_object(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    **kwargs: Any,
) -> Any:
    """Make the object that a config describes.

    Args:
        config: What `serialize_keras_object` returned, here or in Keras.
        custom_objects: Classes and functions by name, asked besides the registered ones.
        safe_mode: Whether configs that carry code (a `Lambda`'s) are refused: always, unless it is
            `False` here or in a call around this one.
        **kwargs: `module_objects`, a further mapping of names to classes, as in older Keras.

    Raises:
        TypeError: If the config names a class that is neither public nor registered.
        ValueError: If the config carries code and `safe_mode` is on.
    """
    module_objects = kwargs.pop("module_objects", None)
    safe = in_safe_mode(safe_mode)
    if budget.is_bounded() and not custom_objects and safe == in_safe_mode():  # inside another
        return _deserialize(config, module_objects, safe)
    objects = registry.custom_object_scope(custom_objects or {})
    with objects, safe_mode_scope(safe), budget.bounded():
        return _deserialize(config, module_objects, safe)


def _deserialize(config: Any, module_objects: Mapping[str, Any] | None, safe: bool) -> Any:
    if isinstance(config, list):
        return [_deserialize(item, module_objects, safe) for item in config]
    if isinstance(config, str) and module_objects and config in module_objects:
        return module_objects[config]
    if not isinstance(config, Mapping):
        return config
    if "class_name" not in config:
        return {key: _deserialize(value, module_objects, safe) for key, value in config.items()}
    special = _SPECIAL.get(config["class_name"])
    if special is not None:
        return special(config, safe)
    if "config" not in config:
        return {key: _deserialize(value, module_objects, safe) for key, value in config.items()}
    return _instance(config, module_objects, safe)


def _instance(config: Mapping[str, Any], module_objects: Any, safe: bool) -> Any:
    known = made_before(config)
    if known is not None:
        return known
    cls = find_class(config, module_objects)
    inner = config["config"]
    if isinstance(inner, str):
        return cls
    if not hasattr(cls, "from_config"):
        raise TypeError(f"{cls} cannot be made from a config: it has no `from_config` method.")
    budget.charge_object()
    accepts_safe_mode = "safe_mode" in inspect.signature(cls.from_config).parameters
    options = {"safe_mode": safe} if accepts_safe_mode else {}
    made = cls.from_config(dict(inner or {}), **options)
    build_config = config.get("build_config")
    if build_config and hasattr(made, "build_from_config") and not getattr(made, "built", True):
        made.build_from_config(build_config)
    compile_config = config.get("compile_config")
    if compile_config and hasattr(made, "compile_from_config"):
        made.compile_from_config(compile_config)
    note_made(made, config)
    return made


def find_class(config: Mapping[str, Any], module_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the public or registered class or function that a config names."""
    name, module = config["class_name"], config.get("module")
    if name in ("function", "class"):
        name = config["config"]
    registered = config.get("registered_name")
    for key in (registered, name):
        found = isinstance(key, str) and registry.get_registered_object(
            key, module_objects=module_objects
        )
        if found:
            return found
    found = registry.find_builtin(module, name) if _may_be_builtin(module) else None
    if found is not None and registry.may_be_in_config(found):
        if registered not in (None, "", name, config["class_name"]):
            raise ValueError(
                f"The config names {name!r}, which is torchkeras's own, with the "
                f"registered_name {registered!r} of something else that is not registered here. "
                "Register that with `@torchkeras.saving.register_keras_serializable()`."
            )
        return found
    is_function = config["class_name"] == "function"
    found = registry.find_function(name) if is_function else None
    if found is None:
        raise TypeError(_unknown_class(name, module, registered))
    return found


def _may_be_builtin(module: Any) -> bool:
    root = str(module or "keras").partition(".")[0]
    return root in ("keras", "torchkeras", "tf_keras", "tensorflow", "builtins")


def _unknown_class(name: Any, module: Any, registered: Any) -> str:
    known = registry.get_custom_objects()
    full = next((key for key in known if key.endswith(f">{name}")), None)
    hint = f" {full!r} is one." if full else did_you_mean(name, known)
    return (
        f"The config names {name!r} (module={module!r}, registered_name={registered!r}), which is "
        f"neither a public class of torchkeras nor a registered one.{hint} Register your class "
        "with `@torchkeras.saving.register_keras_serializable()`, or pass it: "
        f"`custom_objects={{{name!r}: ...}}`."
    )


def _array(config: Mapping[str, Any], safe: bool) -> Any:
    inner = config["config"]
    return np.asarray(inner["value"], dtype=_dtype_of(inner, _NUMPY_DTYPES))


def _tensor(config: Mapping[str, Any], safe: bool) -> Any:
    inner = config["config"]
    return torch.tensor(inner["value"], dtype=TORCH_DTYPES[_dtype_of(inner, TORCH_DTYPES)])


def _dtype_of(array: Mapping[str, Any], known: Iterable[str]) -> str:
    """Return the dtype of an array's config: NumPy takes some that make a number of a gigabyte."""
    dtype = array["dtype"]
    if not isinstance(dtype, str) or dtype not in known:
        raise ValueError(
            f"The config of an array has dtype={show(dtype)}, which must be one of "
            f"{', '.join(sorted(known))}."
        )
    return dtype


_SPECIAL: dict[str, Any] = {
    "__tuple__": lambda config, safe: tuple(_deserialize(config["items"], None, safe)),
    "__numpy__": _array,
    "__tensor__": _tensor,
    "__bytes__": lambda config, safe: config["config"]["value"].encode("utf-8"),
    "__ellipsis__": lambda config, safe: Ellipsis,
    "__slice__": lambda config, safe: slice(
        *(config["config"][bound] for bound in ("start", "stop", "step"))
    ),
    bytecode.CLASS_NAME: lambda config, safe: bytecode.function_of(
        config, lambda value: _deserialize(value, None, safe), safe
    ),
}
