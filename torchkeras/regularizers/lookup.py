"""Regularizers by name or config."""

from collections.abc import Mapping
from typing import Any

from torchkeras._base.identifier import find_named, instance, names_of, resolve
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .orthogonality import OrthogonalRegularizer
from .penalty import L1, L1L2, L2
from .regularizer import Regularizer

_TABLE = names_of(L1, L2, L1L2, OrthogonalRegularizer, Regularizer, l1_l2=L1L2)


def serialize(regularizer: Any) -> Any:
    """Return the config of a regularizer.

    Args:
        regularizer: A regularizer, or a registered function.

    Example:
        >>> import torchkeras
        >>> torchkeras.regularizers.serialize(torchkeras.regularizers.L2(0.5))["config"]
        {'l2': 0.5}
    """
    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a regularizer from a config or a name.

    Args:
        config: What `serialize` returned, or the name of a regularizer.
        custom_objects: Classes and functions by name, known besides the registered ones.

    Example:
        >>> import torchkeras
        >>> config = {"class_name": "L2", "config": {"l2": 0.5}}
        >>> torchkeras.regularizers.deserialize(config).l2
        0.5
    """
    if isinstance(config, str):
        return _named(config, {**_TABLE, **(custom_objects or {})})
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)


def get(identifier: Any) -> Any:
    """Return the regularizer that a name, config, class or function stands for.

    Args:
        identifier: `None`, which stays `None`; a name such as `"l2"`; a config; a regularizer or
            its class; or a function of a tensor.

    Raises:
        ValueError: If `identifier` stands for nothing.

    Example:
        >>> import torchkeras
        >>> torchkeras.regularizers.get("l1_l2").get_config()
        {'l1': 0.01, 'l2': 0.01}
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        return _named(identifier, _TABLE)
    return instance(resolve("regularizer", identifier, _TABLE, deserialize))


def _named(name: str, table: Mapping[str, Any]) -> Any:
    found = find_named("regularizer", name, table)
    return L1L2(0.01, 0.01) if name == "l1_l2" and found is L1L2 else instance(found)
