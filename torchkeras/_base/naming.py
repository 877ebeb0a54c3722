"""Automatic names: `dense`, `dense_1`, `dense_2`, counted per class as Keras counts them."""

import re
from collections import Counter
from collections.abc import Container, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

_COUNTS: Counter[str] = Counter()
_SCOPE: ContextVar[tuple[str, ...]] = ContextVar("torchkeras_name_scope", default=())


def to_snake_case(name: str) -> str:
    """Turn a class name such as `Conv2DTranspose` into `conv2d_transpose`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(class_name: str) -> str:
    """Return the next free automatic name for a class."""
    return uniquify(to_snake_case(class_name))


def uniquify(name: str) -> str:
    """Return `name` the first time, then `name_1`, `name_2` and so on."""
    count = _COUNTS[name]
    _COUNTS[name] += 1
    return f"{name}_{count}" if count else name


def get_uid(prefix: str = "") -> int:
    """Return how often a name has been asked for, this time included.

    Args:
        prefix: The name; automatic names of layers and tensors are counted with it.

    Example:
        >>> import torchkeras
        >>> torchkeras.backend.get_uid("my_prefix")
        1
        >>> torchkeras.backend.get_uid("my_prefix")
        2
    """
    _COUNTS[prefix] += 1
    return _COUNTS[prefix]


def reset_names() -> None:
    """Start the counters of automatic names again."""
    _COUNTS.clear()


def free_name(name: str, taken: Container[str]) -> str:
    """Return `name`, or `name_1`, `name_2` ... if it is already taken."""
    candidate, count = name, 0
    while candidate in taken:
        count += 1
        candidate = f"{name}_{count}"
    return candidate


def name_scope(name: str) -> AbstractContextManager[str]:
    """Put `name/` before the path of every variable that is made inside the scope.

    Args:
        name: The name to add to the path.

    Raises:
        ValueError: If it is no string, or holds a slash.
    """
    if not isinstance(name, str) or "/" in name:
        raise ValueError(f"`name` must be a string without '/'. Received: name={name!r}.")
    return _entered(name)


@contextmanager
def _entered(*names: str) -> Iterator[str]:
    token = _SCOPE.set((*_SCOPE.get(), *names))
    try:
        yield names[-1]
    finally:
        _SCOPE.reset(token)


def path_scope(path: str) -> AbstractContextManager[str]:
    """Enter the scope that has a path.

    Args:
        path: Names with slashes between them.
    """
    return _entered(*path.split("/"))


@contextmanager
def build_scope(name: str) -> Iterator[None]:
    """Enter `name_scope(name)`, unless it is the innermost scope already."""
    if _SCOPE.get()[-1:] == (name,):
        yield
        return
    with name_scope(name):
        yield


def scope_path() -> str:
    """Return the path of the current scope."""
    return "/".join(_SCOPE.get())


def scoped_path(name: str) -> str:
    """Return the path of a variable called `name` in the current scope."""
    return "/".join((*_SCOPE.get(), name))
