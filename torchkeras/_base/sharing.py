"""Layers that occur more than once in one config: written with a number, and made once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_KEY = "shared_object_id"


class _Scope:
    """What has been written and made so far; objects are kept so that their ids stay theirs."""

    def __init__(self) -> None:
        self.written: dict[int, tuple[int, Any]] = {}
        self.made: dict[int, Any] = {}


_SCOPE: ContextVar[_Scope | None] = ContextVar("torchkeras_sharing", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """Let layers that are met again inside be the same when the config is read."""
    token = _SCOPE.set(_Scope())
    try:
        yield
    finally:
        _SCOPE.reset(token)


def note_written(obj: Any, config: dict[str, Any]) -> None:
    """Number the config of a layer; `keep_shared` takes the numbers away that no other has.

    Args:
        obj: What was written.
        config: Its config, which may get one more key.
    """
    scope = _SCOPE.get()
    if scope is not None and hasattr(obj, "get_build_config"):
        config[_KEY] = scope.written.setdefault(id(obj), (len(scope.written), obj))[0]


def keep_shared(config: Any) -> Any:
    """Take the numbers of all layers out of a config that occur there only once."""
    numbered = [item for item in _dictionaries(config) if _KEY in item]
    counts = Counter(item[_KEY] for item in numbered)
    for item in numbered:
        if counts[item[_KEY]] == 1:
            del item[_KEY]
    return config


def _dictionaries(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _dictionaries(item)


def made_before(config: Any) -> Any:
    """Return the object that was made for the number of a config, or `None`."""
    scope, number = _SCOPE.get(), config.get(_KEY)
    return scope.made.get(number) if scope and isinstance(number, int) else None


def note_made(obj: Any, config: Any) -> None:
    """Remember an object by the number of its config, if it has one."""
    scope, number = _SCOPE.get(), config.get(_KEY)
    if scope and isinstance(number, int):
        scope.made[number] = obj
