"""Configs from signatures: the arguments of `__init__` are the attributes are the config."""

import inspect
from collections.abc import Mapping
from typing import Any, Self

from torchkeras._base.registry import builtin_module
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras.dtype_policies import DTypePolicy

_LIBRARY = __name__.partition(".")[0]
_BASE_ARGUMENTS = {"name", "trainable", "dtype", "activity_regularizer", "autocast"}


class Configurable:
    """Something that is made again from `get_config()`."""

    _given: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        if not is_library(cls):
            object.__setattr__(self, "_given", (args, kwargs))
        return self

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of the library class's `__init__`, read from the attributes."""
        cls = next(c for c in type(self).__mro__ if is_library(c))
        return {name: encode(getattr(self, name)) for name in argument_names(cls)}

    def given_config(self) -> dict[str, Any]:
        """Return the arguments that a user's class was made with, as far as they are plain.

        Raises:
            NotImplementedError: If an argument cannot be written into a config.
        """
        args, kwargs = self._given
        bound = inspect.signature(type(self).__init__).bind(self, *args, **kwargs)
        bound.apply_defaults()
        found: dict[str, Any] = {}
        for name, value in list(bound.arguments.items())[1:]:
            kind = bound.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                found.update(value)
            elif kind is not inspect.Parameter.VAR_POSITIONAL or value:
                found[name] = value
        try:
            return {name: encode(value) for name, value in found.items() if name != "name"}
        except ValueError as error:
            raise NotImplementedError(
                f"`{type(self).__name__}` was made with arguments that a config cannot hold "
                f"({error}). Give the class a `get_config()` method that returns its arguments."
            ) from error

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the object that a config describes.

        Args:
            config: What `get_config()` returned.

        Raises:
            TypeError: If the class does not take what the config holds.
        """
        arguments = {name: decode(value) for name, value in config.items()}
        if "dtype" in arguments:
            arguments["dtype"] = _plain_dtype(arguments["dtype"])
        try:
            return cls(**arguments)
        except TypeError as error:
            raise TypeError(
                f"`{cls.__name__}` could not be made from its config: {error} "
                f"Received: config={config!r}."
            ) from error


def is_library(cls: type) -> bool:
    """Whether a class is one of this package."""
    return cls.__module__.partition(".")[0] == _LIBRARY


def argument_names(cls: type) -> list[str]:
    """Return the named arguments of a class's `__init__`, those of `Layer` itself left out."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return [p.name for p in named if p.name not in _BASE_ARGUMENTS]


def encode(value: Any) -> Any:
    """Turn an argument into plain values; a public function is written as its name."""
    if inspect.isfunction(value) and builtin_module(value):
        return value.__name__
    if isinstance(value, tuple):
        return tuple(encode(item) for item in value)
    if isinstance(value, list):
        return [encode(item) for item in value]
    return serialize_keras_object(value)


def decode(value: Any) -> Any:
    """Make the objects in an argument that `encode` wrote."""
    if isinstance(value, Mapping) and "class_name" in value:
        return deserialize_keras_object(value)
    if isinstance(value, list):
        return [decode(item) for item in value]
    return value


def _plain_dtype(policy: Any) -> Any:
    """Return the name of a dtype policy, as far as the name tells all; users' classes take it."""
    return policy.name if type(policy) is DTypePolicy else policy
