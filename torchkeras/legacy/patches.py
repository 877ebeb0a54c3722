"""Attributes that are set for a while, and put back as they were."""

from collections.abc import Callable
from typing import Any

Functions = dict[str, Callable[..., Any]]

_ABSENT = object()


def named(*functions: Callable[..., Any]) -> Functions:
    """Return functions by their names."""
    return {function.__name__: function for function in functions}


class Patches:
    """What was set, in order, and what was there before."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Give a module or class an attribute.

        Args:
            owner: The module or class.
            name: The attribute's name.
            value: Its new value.
        """
        self._before.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)

    def add(self, owner: Any, name: str, value: Any) -> None:
        """Give a module or class an attribute, unless it has one of this name.

        Args:
            owner: The module or class.
            name: The attribute's name.
            value: Its value.
        """
        if not hasattr(owner, name):
            self.set(owner, name, value)

    def undo(self) -> None:
        """Put everything back, the last first."""
        while self._before:
            owner, name, value = self._before.pop()
            if value is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
