"""Write the reference pages from the public names, and complain of every name they leave out.

A namespace is one page, or, when it is large, one page for each file or folder that its names come
from. An object is documented once, under the namespace that it was defined in; the other names it
goes by are rows of their namespaces' tables that link to it.
"""

import inspect
import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from public import Namespace, namespaces
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

ROOT = "torchkeras"
LARGEST_PAGE = 40

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One public name and the name under which its object is documented."""

    namespace: str
    name: str
    thing: Any
    home: str

    @property
    def is_home(self) -> bool:
        return self.home == f"{self.namespace}.{self.name}"

    @property
    def summary(self) -> str:
        if not callable(self.thing):
            return f"``{self.thing!r}``"
        return (inspect.getdoc(self.thing) or "").partition("\n")[0]

    @property
    def family(self) -> str:
        """The file or folder of the namespace that the object comes from."""
        module = getattr(self.thing, "__module__", None) or ""
        inside = module.removeprefix(f"{self.namespace}.")
        return inside.partition(".")[0] if inside != module else ""

    @property
    def hidden(self) -> str:
        """The option that leaves out what scikit-learn adds to each of its estimators."""
        added = [n for n, x in vars(self.thing).items() if type(x).__module__[:8] == "sklearn."]
        return f"   :exclude-members: {', '.join(added)}\n" if added else ""

    @property
    def directive(self) -> str:
        if inspect.isclass(self.thing):
            return f".. autoclass:: {self.home}\n   :members:\n{self.hidden}"
        if callable(self.thing):
            return f".. autofunction:: {self.home}\n"
        return f".. py:data:: {self.home}\n   :value: {self.thing!r}\n"


def collect() -> list[Entry]:
    """Return every public name, with one home for each object."""
    found = [(space, name, space.get(name)) for space in namespaces(ROOT) for name in space.names]
    homes: dict[int, tuple[Namespace, str, Any]] = {}
    for space, name, thing in found:
        rank = _fitness(space, name, thing)
        if id(thing) not in homes or rank > _fitness(*homes[id(thing)]):
            homes[id(thing)] = (space, name, thing)
    return [
        Entry(space.path, name, thing, _path(space, name, thing, homes))
        for space, name, thing in found
    ]


def _path(space: Namespace, name: str, thing: Any, homes: dict[int, Any]) -> str:
    if callable(thing):  # a constant may be the very object that another constant is
        space, name, _ = homes[id(thing)]
    return f"{space.path}.{name}"


def _fitness(space: Namespace, name: str, thing: Any) -> tuple[int, bool]:
    """How well a name serves as the home: nearest to the definition, then spelt as defined."""
    module = f"{getattr(thing, '__module__', '')}."
    inside = module.startswith(f"{space.path}.") and space.path != ROOT
    return (len(space.path) if inside else 0, name == getattr(thing, "__name__", None))


def write(app: Sphinx) -> None:
    """Write one page or several for each namespace, and their index."""
    folder = Path(app.srcdir) / "reference"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    by_namespace: dict[str, list[Entry]] = defaultdict(list)
    for entry in collect():
        by_namespace[entry.namespace].append(entry)
    for path, entries in by_namespace.items():
        _write_namespace(folder, path, entries)
    pages = sorted(by_namespace)
    text = [_title("Reference"), "Every public name, by namespace.\n", _toctree(pages)]
    (folder / "index.rst").write_text("\n".join(text), "utf-8")


def _write_namespace(folder: Path, path: str, entries: list[Entry]) -> None:
    homes = [entry for entry in entries if entry.is_home]
    families: dict[str, list[Entry]] = defaultdict(list)
    for entry in homes:
        families[entry.family if len(homes) > LARGEST_PAGE else ""].append(entry)
    text = [_title(path), _table(entries)]
    text += [entry.directive for entry in families.pop("", [])]
    for family, members in families.items():
        body = [_title(f"{path}: {family}"), *(entry.directive for entry in members)]
        (folder / f"{path}-{family}.rst").write_text("\n".join(body), "utf-8")
    if families:
        pages = [f"{family} <{path}-{family}>" for family in sorted(families)]
        text.insert(1, _toctree(pages, hidden=True))
    (folder / f"{path}.rst").write_text("\n".join(text), "utf-8")


def _title(text: str) -> str:
    return f"{text}\n{'=' * len(text)}\n"


def _toctree(pages: list[str], hidden: bool = False) -> str:
    lines = [".. toctree::", "   :maxdepth: 1", *(["   :hidden:"] if hidden else []), ""]
    return "\n".join([*lines, *(f"   {page}" for page in pages), ""])


def _table(entries: list[Entry]) -> str:
    rows = [".. list-table::", "   :widths: 30 70", ""]
    for entry in entries:
        rows += [f"   * - :py:obj:`{entry.name} <{entry.home}>`", f"     - {entry.summary}"]
    return "\n".join([*rows, ""])


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn, which fails the build, of public names without a docstring or an entry."""
    documented = env.domains.python_domain.objects
    for entry in collect():
        if inspect.ismodule(entry.thing):
            logger.warning("%s.%s is hidden by a file", entry.namespace, entry.name)
        if not entry.summary:
            logger.warning("%s.%s has no docstring", entry.namespace, entry.name)
        if entry.home not in documented:
            logger.warning("%s.%s is missing in the reference", entry.namespace, entry.name)


def is_foreign(app: Sphinx, what: str, name: str, thing: Any, *args: Any) -> bool | None:
    """Leave out the methods that scikit-learn puts into classes, whose words link to its pages."""
    module = getattr(thing, "__module__", None) or ""
    return True if module.partition(".")[0] == "sklearn" else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect all to the build."""
    app.connect("autodoc-skip-member", is_foreign)
    app.connect("builder-inited", write)
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
