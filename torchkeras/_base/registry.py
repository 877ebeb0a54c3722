"""Which classes and functions a config may name: the library's own public ones and registered ones.

Nothing is ever imported because a file names it.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

_Registered = TypeVar("_Registered", bound=Callable[..., Any])

_OBJECT_BY_NAME: dict[str, Any] = {}
_NAME_BY_OBJECT: dict[Any, str] = {}
_SCOPED: ContextVar[dict[str, Any]] = ContextVar("torchkeras_custom_objects", default={})  # noqa: B039

_ROOT = __name__.partition(".")[0]
# Keras has a class of its own for models made from symbols.
_OTHER_NAMES = {"Functional": "Model"}
NAMESPACES = (
    "layers",
    "models",
    "activations",
    "activations.old",
    "initializers",
    "regularizers",
    "constraints",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "dtype_policies",
    "quantizers",
    "random",
    "distillation",
    "applications._layers",
)
# Classes that configs name although the rest of their module must not be named.
_SINGLE = {
    "FeatureSpace": "utils",
    "Feature": "utils.feature",
    "Cross": "utils.feature",
    "TFDConcat": "utils.feature",
    "TFDIdentity": "utils.feature",
}
# Functions elsewhere write files, read them or change settings.
_PURE = ("activations", "activations.old", "losses", "metrics", "quantizers")
_LOOKUPS = ("get", "serialize", "deserialize")


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[_Registered], _Registered]:
    """Register a class or function so that configs and files may name it as `package>name`.

    Args:
        package: The first part of the registered name.
        name: The second part; the object's own name if not given.

    Example:
        >>> import torchkeras
        >>> @torchkeras.saving.register_keras_serializable(package="docs")
        ... class Doubler(torchkeras.layers.Layer):
        ...     def call(self, inputs):
        ...         return inputs * 2
        >>> torchkeras.saving.get_registered_name(Doubler)
        'docs>Doubler'
    """

    def register(thing: _Registered) -> _Registered:
        registered_name = f"{package}>{name or thing.__name__}"
        if inspect.isclass(thing) and not hasattr(thing, "get_config"):
            raise ValueError(
                f"Only a class with a `get_config()` method can be registered. Received: {thing}. "
                "Define `get_config` so that it returns the arguments of `__init__`."
            )
        _OBJECT_BY_NAME[registered_name] = thing
        _NAME_BY_OBJECT[thing] = registered_name
        return thing

    return register


def get_custom_objects() -> dict[str, Any]:
    """Return the live mapping of registered names to classes and functions."""
    return _OBJECT_BY_NAME


def get_registered_name(obj: Any) -> str:
    """Return the name under which a class or function was registered, or its own name."""
    return _NAME_BY_OBJECT.get(obj) or str(obj.__name__)


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return what is registered under `name`, or `None`.

    Args:
        name: A registered name, such as `"docs>Doubler"`.
        custom_objects: A mapping that is asked after the scopes and the registry.
        module_objects: A mapping that is asked last.
    """
    for known in (_SCOPED.get(), _OBJECT_BY_NAME, custom_objects or {}, module_objects or {}):
        if name in known:
            return known[name]
    return None


def find_function(name: str) -> Any:
    """Return the function that was registered as `name` in whatever package, or `None`.

    Keras before 3.7 wrote functions without their package.
    """
    for key, known in _OBJECT_BY_NAME.items():
        if key.rpartition(">")[2] == name and inspect.isfunction(known):
            return known
    return None


@contextmanager
def custom_object_scope(*custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Make custom classes and functions known, by name, inside the scope.

    Args:
        *custom_objects: Mappings of names to classes or functions, or `None`.
    """
    merged = dict(_SCOPED.get())
    for objects in custom_objects:
        merged.update(objects or {})
    token = _SCOPED.set(merged)
    try:
        yield
    finally:
        _SCOPED.reset(token)


def scoped_objects() -> dict[str, Any]:
    """Return the classes and functions of the scopes around the call, by name."""
    return dict(_SCOPED.get())


def builtin_module(thing: Any) -> str | None:
    """Return Keras's module path (`"keras.layers"`) of a public class or function."""
    root, _, rest = str(getattr(thing, "__module__", "")).partition(".")
    if root != _ROOT:
        return None
    name = getattr(thing, "__name__", None)
    own_first = sorted(NAMESPACES, key=lambda namespace: not rest.startswith(namespace))
    for namespace in own_first:  # activations are defined in `ops`
        if _public(namespace, name) is thing:
            return f"keras.{namespace}"
    single = _SINGLE.get(str(name), "")
    public = single.isidentifier() and _public(single, name) is thing
    return f"keras.{single}" if public else None


def may_be_in_config(thing: Any) -> bool:
    """Say whether a config may name a built-in thing: a class, or a function of tensors alone."""
    if not inspect.isfunction(thing):
        return True
    namespace = (builtin_module(thing) or "").removeprefix("keras.")
    return namespace in _PURE and thing.__name__ not in _LOOKUPS


def find_builtin(module: str | None, name: str) -> Any:
    """Return the public class or function `name` of the library, or `None`.

    Args:
        module: The module path that the config gives, in Keras's or our spelling; a hint only.
        name: The name of the class or function.
    """
    name = _OTHER_NAMES.get(name, name)
    hinted = [namespace for namespace in NAMESPACES if f".{namespace}" in f".{module or ''}"]
    for namespace in [*reversed(hinted), *NAMESPACES]:
        found = _public(namespace, name)
        if found is not None:
            return found
    return _public(_SINGLE[name], name) if name in _SINGLE else None


def _public(namespace: str, name: Any) -> Any:
    if not isinstance(name, str) or name.startswith("_"):
        return None
    found = getattr(sys.modules.get(f"{_ROOT}.{namespace}"), name, None)
    own = str(getattr(found, "__module__", "")).startswith(f"{_ROOT}.")
    return found if own and (inspect.isclass(found) or inspect.isfunction(found)) else None
