"""Quantizers by name, config or value."""

import inspect
from collections.abc import Mapping
from typing import Any

from torchkeras._base.identifier import find_named, instance, names_of, resolve
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .abs_max import AbsMaxQuantizer, Quantizer

_TABLE = names_of(Quantizer, AbsMaxQuantizer)


def serialize(initializer: Any) -> Any:
    """Return the config of a quantizer.

    Args:
        initializer: A `Quantizer`.

    Example:
        >>> import torchkeras
        >>> quantizer = torchkeras.quantizers.AbsMaxQuantizer()
        >>> torchkeras.quantizers.serialize(quantizer)["class_name"]
        'AbsMaxQuantizer'
    """
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the quantizer that a config or a name stands for.

    Args:
        config: What `serialize` returned, or the name of a class.
        custom_objects: Classes by name, known besides the registered ones.

    Raises:
        ValueError: If the name is unknown.

    Example:
        >>> import torchkeras
        >>> config = {"class_name": "AbsMaxQuantizer", "config": {"axis": 0}}
        >>> torchkeras.quantizers.deserialize(config).axis
        (0,)
    """
    if isinstance(config, str):
        return find_named("quantizer", config, {**_TABLE, **(custom_objects or {})})
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)


def get(identifier: Any, **kwargs: Any) -> Any:
    """Return the quantizer that a name, config, class or callable stands for.

    Args:
        identifier: `None`, which stays `None`; a name; a config; a class, which is called with the
            arguments; or a callable, returned as it is.
        **kwargs: Arguments for a class.

    Raises:
        ValueError: If `identifier` stands for nothing.

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.get("abs_max_quantizer").output_dtype
        'int8'
    """
    if identifier is None:
        return None
    found = resolve("quantizer", identifier, _TABLE, deserialize)
    return found(**kwargs) if kwargs and inspect.isclass(found) else instance(found)
