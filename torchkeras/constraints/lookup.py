"""Constraints by name or config."""

from collections.abc import Mapping
from typing import Any

from torchkeras._base.identifier import find_named, instance, names_of, resolve
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .constraint import Constraint
from .norm import MaxNorm, MinMaxNorm, NonNeg, UnitNorm

_TABLE = names_of(MaxNorm, MinMaxNorm, NonNeg, UnitNorm, Constraint)


def serialize(constraint: Any) -> Any:
    """Return the config of a constraint.

    Args:
        constraint: A constraint, or a registered function.

    Example:
        >>> import torchkeras
        >>> torchkeras.constraints.serialize(torchkeras.constraints.UnitNorm())["config"]
        {'axis': 0}
    """
    return serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a constraint from a config or a name.

    Args:
        config: What `serialize` returned, or the name of a constraint.
        custom_objects: Classes and functions by name, known besides the registered ones.

    Example:
        >>> import torchkeras
        >>> config = {"class_name": "MaxNorm", "config": {"max_value": 3}}
        >>> torchkeras.constraints.deserialize(config).max_value
        3
    """
    if isinstance(config, str):
        table = {**_TABLE, **(custom_objects or {})}
        return instance(find_named("constraint", config, table))
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)


def get(identifier: Any) -> Any:
    """Return the constraint that a name, config, class or function stands for.

    Args:
        identifier: `None`, which stays `None`; a name such as `"max_norm"`; a config; a constraint
            or its class; or a function of a tensor.

    Raises:
        ValueError: If `identifier` stands for nothing.

    Example:
        >>> import torchkeras
        >>> torchkeras.constraints.get("max_norm").max_value
        2
    """
    if identifier is None:
        return None
    return instance(resolve("constraint", identifier, _TABLE, deserialize))
