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
    source = Path(str(module.__file__)).read_text("utf-8")
    names = sorted(set(_exports(ast.parse(source))), key=lambda name: (name.lower(), name))
    inner = [name for name in names if isinstance(getattr(module, name), ModuleType)]
    yield Namespace(root, [name for name in names if name not in inner])
    for name in inner:
        yield from namespaces(f"{root}.{name}")


def _exports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):  # also below `if TYPE_CHECKING:`
        if isinstance(node, ast.ImportFrom | ast.Import):
            yield from (a.asname for a in node.names if a.asname and _re_exported(a))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def _re_exported(alias: ast.alias) -> bool:
    return alias.asname == alias.name and not alias.name.startswith("_")
