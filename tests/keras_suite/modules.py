"""Modules that answer `keras` and what lies inside it with torchkeras."""

import ast
import importlib
import importlib.util
import pkgutil
import sys
import unittest
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import torchkeras

from .internals import INTERNALS
from .operations import operation

_OLD = ("legacy",)
_PUBLIC = [
    module.name
    for module in pkgutil.iter_modules(torchkeras.__path__)
    if module.name[0] != "_" and module.name not in _OLD
]
# What Keras's tests compare with, where it is installed.
_OTHERS = ("grain", "jax", "orbax", "tensorflow")
_OPS = ("numpy", "nn", "math", "core", "linalg", "image", "fft", "einops", "segment")


def install(source: Path) -> None:
    """Let `keras` be torchkeras from now on, in this process.

    Args:
        source: Keras's folder `keras/src`.
    """
    for name in [name for name in sys.modules if name.partition(".")[0] == "keras"]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder(source))
    for name in _OTHERS:
        if importlib.util.find_spec(name) is None:
            sys.modules[name] = _Absent(name)


class _Absent(ModuleType):
    """A package that is not installed: a test that uses it is skipped."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise unittest.SkipTest(f"{self.__name__} is not installed")


class _Finder(MetaPathFinder, Loader):
    """Finds `keras.src.*` by the files of Keras, and the rest of `keras` by torchkeras."""

    def __init__(self, source: Path) -> None:
        self._source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root, *parts = fullname.split(".")
        if isinstance(sys.modules.get(root), _Absent):
            return ModuleSpec(fullname, self, is_package=True)
        if root != "keras":
            return None
        if parts[:1] != ["src"]:
            known = not parts or _namespace(".".join(parts)) is not None
            return ModuleSpec(fullname, self, is_package=True) if known else None
        place = self._source.joinpath(*parts[1:])
        if parts[1:2] == ["testing"] or parts[-1].endswith("_test"):
            return _as_it_is(fullname, place)
        exists = place.is_dir() or place.with_suffix(".py").exists()
        return ModuleSpec(fullname, self, is_package=True) if exists else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        root, *parts = spec.name.split(".")
        if root != "keras":
            return _Absent(spec.name)
        if parts[:1] == ["src"]:
            return _Inside(spec.name, self._source, parts[1:])
        return _Outside(spec.name, importlib.import_module(".".join(["torchkeras", *parts])))

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: such a module answers when it is asked."""


def _as_it_is(name: str, place: Path) -> ModuleSpec | None:
    """Return the spec of a file of Keras itself: what its tests share."""
    if place.is_dir():
        return importlib.util.spec_from_file_location(
            name, place / "__init__.py", submodule_search_locations=[str(place)]
        )
    return importlib.util.spec_from_file_location(name, place.with_suffix(".py"))


class _Outside(ModuleType):
    """A public module of Keras."""

    def __init__(self, name: str, ours: ModuleType) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self._ours = ours

    def __getattr__(self, name: str) -> Any:
        return importlib.import_module("keras.src") if name == "src" else getattr(self._ours, name)


class _Inside(ModuleType):
    """A module of Keras's own, `keras.src.*`: whatever torchkeras calls by the name asked for."""

    def __init__(self, name: str, source: Path, parts: list[str]) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__file__ = f"<{name}>"
        self._source, self._parts = source, parts

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return next(self._answers(name))

    def _answers(self, name: str) -> Iterator[Any]:
        """Yield what may be meant, the likeliest first."""
        parts, place = self._parts, self._source.joinpath(*self._parts)
        room, file = parts[0] if parts else "", place.with_suffix(".py")
        yield from _elsewhere(room, name)
        if name.isupper():
            yield from _constants(file, name)
        if (place / name).is_dir() or (place / f"{name}.py").exists():
            yield importlib.import_module(f"{self.__name__}.{name}")
        for depth in range(len(parts), 0, -1):
            yield from _public(_namespace(".".join(parts[:depth])), name)
        if room == "ops" and name[0].isupper():
            yield from filter(None, [operation(file, name)])
        for home in (torchkeras, *map(_namespace, _PUBLIC)):
            yield from _public(home, name)
        yield _missing(f"{self.__name__}.{name}")


def _elsewhere(room: str, name: str) -> Iterator[Any]:
    """Yield what has another home here, or none."""
    if name in _OTHERS:
        yield importlib.import_module(name)
    if (room, name) in INTERNALS:
        yield INTERNALS[room, name]
    if room == "backend" and name in _OPS:
        yield importlib.import_module(f"keras.src.ops{'' if name == 'numpy' else f'.{name}'}")


def _public(home: ModuleType | None, name: str) -> Iterator[Any]:
    if hasattr(home, name):
        yield getattr(home, name)


def _namespace(path: str) -> ModuleType | None:
    try:
        return importlib.import_module(f"torchkeras.{path}")
    except ImportError:
        return None


def _constants(file: Path, name: str) -> Iterator[Any]:
    """Yield a constant of Keras's file, if it is written there as a literal."""
    body = ast.parse(file.read_text(encoding="utf-8")).body if file.exists() else []
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            try:
                yield ast.literal_eval(node.value)
            except ValueError:
                return


def _missing(what: str) -> Any:
    """Return a stand-in for something internal to Keras: a test that uses it is skipped."""

    class Missing(type):
        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            raise unittest.SkipTest(f"internal to Keras: {what}")

        def __getattr__(cls, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            raise unittest.SkipTest(f"internal to Keras: {what}")

    return Missing(what.rpartition(".")[2], (), {})
