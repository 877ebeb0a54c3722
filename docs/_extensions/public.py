"""What is public: the names that a package's `__init__.py` exports, read from its source.

A name is exported by `from .core.dense import Dense as Dense`, the form that type checkers take for
an export, or by being defined there. An exported folder or file is a namespace of its own.
"""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any


@dataclass
class Namespace:
    """A public module and the names it exports, submodules left out."""

    path: str
    names: list[str]

    def get(self, name: str) -> Any:
        return getattr(importlib.import_module(self.path), name)


def namespaces(root: str) -> Iterator[Namespace]:
    """Yield the namespace `root` and every one that it exports, outer before inner."""
    module = importlib.import_module(root)
    exports = dict(_exports(ast.parse(Path(str(module.__file__)).read_text("utf-8"))))
    names = sorted(exports, key=lambda name: (name.lower(), name))
    inner = [name for name in names if exports[name] and _is_module(getattr(module, name), root)]
    yield Namespace(root, [name for name in names if name not in inner])
    for name in inner:
        yield from namespaces(f"{root}.{name}")


def _is_module(thing: Any, root: str) -> bool:
    return isinstance(thing, ModuleType) and thing.__name__.startswith(f"{root}.")


def _exports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Yield each exported name, and whether it may be a module: `from . import name as name`."""
    for node in ast.walk(tree):  # also below `if TYPE_CHECKING:`
        if isinstance(node, ast.ImportFrom):
            yield from ((a.name, not node.module) for a in node.names if _re_exported(a))
    for node in tree.body:
        yield from ((name, False) for name in _defined(node) if not name.startswith("_"))


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _re_exported(alias: ast.alias) -> bool:
    return alias.asname == alias.name and not alias.name.startswith("_")
