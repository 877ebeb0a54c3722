"""The config dialect of Keras 2: `{"class_name", "config"}`, nested objects among the arguments."""

import inspect
from collections.abc import Mapping
from typing import Any

from .messages import did_you_mean, show
from .registry import custom_object_scope, get_registered_name, get_registered_object

_PASSIVE = "__passive_serialization__"


def serialize_keras_object(instance: Any) -> Any:
    """Return an object in Keras 2's form of configs.

    Args:
        instance: An object with `get_config()`, a function or class, or `None`.

    Raises:
        ValueError: If it is none of these.

    Example:
        >>> from torchkeras.legacy.saving import serialize_keras_object
        >>> import torchkeras
        >>> serialize_keras_object(torchkeras.regularizers.L2(0.5))
        {'class_name': 'L2', 'config': {'l2': 0.5}}
    """
    instance = inspect.unwrap(instance) if callable(instance) else instance
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        config = {key: _argument(item) for key, item in instance.get_config().items()}
        return {"class_name": get_registered_name(type(instance)), "config": config}
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise ValueError(
        f"Cannot serialize {show(instance)} because it doesn't implement `get_config()`."
    )


def _argument(item: Any) -> Any:
    """Return an argument, objects among them in the same form and marked as such."""
    if isinstance(item, str) or not (hasattr(item, "get_config") or hasattr(item, "__name__")):
        return item
    written = serialize_keras_object(item)
    if isinstance(written, dict) and not isinstance(item, dict):
        written[_PASSIVE] = True
    return written


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """Make the object that a config of Keras 2's form, or a name, stands for.

    Args:
        identifier: The config, the name of a class or function, a function, or `None`.
        module_objects: The classes and functions that may be named.
        custom_objects: Further ones, which come first.
        printable_module_name: What errors call the object.

    Raises:
        ValueError: If the name is unknown or the config has another form.

    Example:
        >>> from torchkeras.legacy.saving import deserialize_keras_object
        >>> import torchkeras
        >>> config = {"class_name": "L2", "config": {"l2": 0.5}}
        >>> float(deserialize_keras_object(config, vars(torchkeras.regularizers)).l2)
        0.5
    """
    if identifier is None:
        return None
    with custom_object_scope(custom_objects or {}):
        if isinstance(identifier, Mapping):
            return _instance(identifier, module_objects or {}, printable_module_name)
        if isinstance(identifier, str):
            found = _find(identifier, module_objects or {}, printable_module_name)
            return found() if inspect.isclass(found) else found
    if inspect.isfunction(identifier):
        return identifier
    raise ValueError(
        f"Could not interpret serialized {printable_module_name}: {show(identifier)}. Give a "
        "config, a name, a function or None."
    )


def _find(name: str, module_objects: Mapping[str, Any], what: str) -> Any:
    found = get_registered_object(name, module_objects=module_objects)
    if found is None:
        raise ValueError(
            f"Unknown {what}: {name!r}. Please ensure you are using a "
            "`torchkeras.saving.custom_object_scope` and that this object is included in the "
            f"scope, or pass it in `custom_objects`.{did_you_mean(name, module_objects)}"
        )
    return found


def _instance(config: Mapping[str, Any], module_objects: Mapping[str, Any], what: str) -> Any:
    if "class_name" not in config or "config" not in config:
        raise ValueError(
            f"Improper config format for {dict(config)}. Expecting a dictionary with the keys "
            "'class_name' and 'config'."
        )
    cls = _find(config["class_name"], module_objects, what)
    arguments = {
        key: _instance(item, module_objects, what)
        if isinstance(item, Mapping) and _PASSIVE in item
        else item
        for key, item in config["config"].items()
        if key != _PASSIVE
    }
    if hasattr(cls, "from_config"):
        return cls.from_config(arguments)
    return cls(**arguments)
