"""Classes of operations, such as `Add`, which Keras's tests use beside the functions.

They are internal to Keras. Here they are made of torchkeras's functions; Keras's source says which
arguments a class takes when it is made, and which when it is called.
"""

import ast
import inspect
import re
from collections.abc import Callable
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

import torchkeras
from torchkeras import ops

_PLACES = (ops, ops.nn, ops.numpy, ops.image, ops.linalg, torchkeras.random)


class Signature(NamedTuple):
    """What Keras's source says of an operation's class."""

    function: str | None
    made_with: tuple[str, ...]
    called_with: tuple[str, ...]
    takes_any: bool


def operation(module: Path, name: str) -> type[Any] | None:
    """Return the class of an operation, if torchkeras has its function.

    Args:
        module: Keras's file.
        name: The class in it.
    """
    signature = _signatures(module).get(name, Signature(None, (), (), takes_any=False))
    names = (signature.function, _snake(name), name.lower(), _snake(name).replace("_", ""))
    function = next(filter(None, map(_function, filter(None, names))), None)
    return None if function is None else _class_of(name, signature, function)


def _class_of(name: str, signature: Signature, function: Callable[..., Any]) -> type[Any]:
    known = inspect.signature(function).parameters

    class Operation(torchkeras.Operation):
        def __init__(self, *args: Any, name: str | None = None, **kwargs: Any) -> None:
            given = dict(zip(signature.made_with, args, strict=False)) | kwargs
            unknown = given.keys() - {*signature.made_with, "dtype"}
            if unknown:
                raise TypeError(f"unexpected arguments {unknown}")
            super().__init__(name=name)
            self.given = {key: value for key, value in given.items() if key in known}
            for key, value in given.items():
                if not hasattr(self, key):
                    setattr(self, key, value)

        def call(self, *args: Any, **kwargs: Any) -> Any:
            by_name = not signature.takes_any and all(key in known for key in signature.called_with)
            if not by_name:
                given = dict(self.given)
                first = [given.pop(key) for key in takewhile(self.given.__contains__, known)]
                return function(*first, *args, **given | kwargs)
            named = dict(zip(signature.called_with, args, strict=False))
            return function(**self.given | named | kwargs)

        __call__ = call

        def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
            return torchkeras.tree.map_structure(_symbol, self.call(*args, **kwargs))

        symbolic_call = compute_output_spec

    Operation.__name__ = Operation.__qualname__ = name
    return Operation


def _symbol(leaf: Any) -> Any:
    """Return the symbol of a tensor, which is what Keras's operations make of it."""
    if not isinstance(leaf, Tensor):
        return leaf
    return torchkeras.KerasTensor(leaf.shape, torchkeras.backend.standardize_dtype(leaf.dtype))


def _function(name: str) -> Callable[..., Any] | None:
    found = (getattr(place, name, None) for place in _PLACES)
    return next(filter(inspect.isfunction, found), None)


def _snake(name: str) -> str:
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words).lower()


@cache
def _signatures(module: Path) -> dict[str, Signature]:
    body = ast.parse(module.read_text(encoding="utf-8")).body if module.exists() else []
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    makers: dict[str, str] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            for name in _calls(node) & classes.keys():
                if node.name == _snake(name):
                    makers[name] = node.name
                makers.setdefault(name, node.name)
    return {
        name: Signature(
            makers.get(name),
            _names(classes, node, "__init__")[0],
            *_names(classes, node, "call"),
        )
        for name, node in classes.items()
    }


def _calls(node: ast.FunctionDef) -> set[str]:
    found = (inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call))
    return {function.id for function in found if isinstance(function, ast.Name)}


def _names(
    classes: dict[str, ast.ClassDef], node: ast.ClassDef, method: str
) -> tuple[tuple[str, ...], bool]:
    """Return the names of a method's arguments, and whether it takes any number of them."""
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == method:
            args = inner.args
            named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
            return tuple(arg.arg for arg in named[1:]), args.vararg is not None
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in classes:
            return _names(classes, classes[base.id], method)
    return (), False
