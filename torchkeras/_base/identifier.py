"""What users may give for an initializer, activation, loss and so on: a name, config or object."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .messages import did_you_mean, show
from .naming import to_snake_case
from .registry import get_registered_object


def names_of(*things: Any, **aliases: Any) -> dict[str, Any]:
    """Return a table of classes and functions by their own names, in snake case too, and aliases.

    Args:
        *things: Classes and functions.
        **aliases: Further names.
    """
    table = {thing.__name__: thing for thing in things}
    table.update({to_snake_case(name): thing for name, thing in list(table.items())})
    return {**table, **aliases}


def find_named(argument: str, name: str, table: Mapping[str, Any]) -> Any:
    """Return what a name stands for: a registered thing, or one of the table.

    Args:
        argument: What the user's argument is called.
        name: The name.
        table: The known things by name.

    Raises:
        ValueError: If the name is unknown.
    """
    found = get_registered_object(name, module_objects=table)
    if found is None:
        raise ValueError(
            f"`{argument}` must be one of {', '.join(repr(key) for key in table)}, a config or a "
            f"callable. Received: {argument}={name!r}.{did_you_mean(name, table)}"
        )
    return found


def resolve(
    argument: str, identifier: Any, table: Mapping[str, Any], deserialize: Callable[[Any], Any]
) -> Any:
    """Return the callable that a name, config, class or callable stands for.

    Args:
        argument: What the user's argument is called.
        identifier: What the user gave.
        table: The known things by name.
        deserialize: What turns a config into an object.

    Raises:
        ValueError: If `identifier` stands for nothing.
    """
    if isinstance(identifier, str):
        found = find_named(argument, identifier, table)
    elif isinstance(identifier, Mapping):
        found = deserialize(identifier)
    else:
        found = identifier
    if not callable(found):
        raise ValueError(
            f"`{argument}` must be a name, a config or a callable. "
            f"Received: {argument}={show(identifier)} (of type {type(identifier).__name__})."
        )
    return found


def instance(found: Any) -> Any:
    """Return an object of a class, made without arguments, or anything else as it is."""
    return found() if inspect.isclass(found) else found
