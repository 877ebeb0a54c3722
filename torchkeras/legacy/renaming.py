"""Functions that understand the old names of their arguments."""

import functools
import inspect
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from .notice import tell

# What an old argument becomes: another name, or a function that puts it into the arguments and
# returns what to say of it.
Rule = str | Callable[[MutableMapping[str, Any], Any], str]


def drop(reason: str) -> Rule:
    """Return the rule of an argument that has no effect any more.

    Args:
        reason: What to say of it, as the end of a sentence.
    """

    def rule(arguments: MutableMapping[str, Any], value: Any) -> str:
        return reason

    return rule


def renaming(
    function: Callable[..., Any],
    rules: Mapping[str, Rule],
    positional: Callable[[tuple[Any, ...]], tuple[Any, ...]] | None = None,
) -> Callable[..., Any]:
    """Return a function that also takes old arguments.

    Args:
        function: The function, or the method of a class.
        rules: What becomes of each old argument.
        positional: Reads the positional arguments of a call that has old ones by name.
    """

    names = _positional_names(function)

    @functools.wraps(function)
    def understanding(*args: Any, **kwargs: Any) -> Any:
        if not rules.keys().isdisjoint(kwargs):
            args = positional(args) if positional else args
            if 1 < len(args) <= len(names) and kwargs.keys().isdisjoint(names[: len(args)]):
                kwargs.update(zip(names[1:], args[1:], strict=False))
                args = args[:1]
            kwargs = _translated(kwargs, rules)
        return function(*args, **kwargs)

    return understanding


def _positional_names(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]


def _translated(kwargs: dict[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    translated = {name: value for name, value in kwargs.items() if name not in rules}
    rest = {name: value for name, value in kwargs.items() if name in rules}
    while rest:
        name = next(iter(rest))
        value, rule = rest.pop(name), rules[name]
        if isinstance(rule, str):
            if rule in translated:
                raise TypeError(f"Both `{rule}` and `{name}`, its old name, were passed.")
            translated[rule] = value
            tell(f"The argument `{name}`", f"write `{rule}`", stacklevel=4)
        else:
            both = {**translated, **rest}
            tell(f"The argument `{name}`", rule(both, value), stacklevel=4)
            rest = {key: both.pop(key) for key in list(rest) if key in both}
            translated = both
    return translated
