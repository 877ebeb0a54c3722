"""The variables of a tree of modules, in Keras's order: own ones first, then the children's."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from torch import nn

from .containers import Container
from .layout import SAME
from .variable import Variable


@runtime_checkable
class OwnsVariables(Protocol):
    """A layer: a named module that lists its own variables, stock modules' parameters included."""

    name: str

    def own_variables(self) -> list[Variable]: ...


def weights(module: nn.Module) -> list[Variable]:
    """Return the variables of a module and everything below it, each once."""
    return list({variable.key: variable for variable in _Walk().through(module, ())}.values())


def _owners(variables: list[Variable]) -> set[int]:
    """Return the identities of the modules that hold variables, if those belong to a layer."""
    owners = (owner for variable in variables for owner, _ in variable.parts)
    return {id(owner) for owner in owners if not isinstance(owner, Container)}


class _Walk:
    """A way through a tree of modules that shows each parameter once.

    Attributes:
        seen: The modules that were visited, or whose parameters are all in a layer's table.
        shown: The parameters in layers' tables.
    """

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.shown: set[tuple[int, str]] = set()

    def through(self, module: nn.Module, path: tuple[str, ...]) -> Iterator[Variable]:
        """Yield the variables of a module and of what is below it."""
        if isinstance(module, OwnsVariables):
            path = (module.name,)
            yield from self._table(module)
        if isinstance(module, Container):
            yield from module.own_variables()
        else:
            yield from self._plain(module, path)
        for key, child in module.named_children():
            if id(child) not in self.seen:
                self.seen.add(id(child))
                yield from self.through(child, (*path, key))

    def _table(self, layer: OwnsVariables) -> Iterator[Variable]:
        """Yield a layer's own variables, but those that torch computes: it trains what is below."""
        own = layer.own_variables()
        stored = [variable for variable in own if not variable.is_computed]
        yield from [variable for variable in stored if variable.born_trainable]
        yield from [variable for variable in stored if not variable.born_trainable]
        computed = _owners([variable for variable in own if variable.is_computed])
        self.seen |= _owners(own) - computed - {id(layer)}
        self.shown |= {part for variable in stored for part in variable.key}

    def _plain(self, module: nn.Module, path: tuple[str, ...]) -> Iterator[Variable]:
        """Show the parameters and kept buffers that a module has beside a table as variables."""
        kept = [key for key in module._buffers if key not in module._non_persistent_buffers_set]
        for key in [*module._parameters, *kept]:
            if (id(module), key) in self.shown:
                continue
            if module._parameters.get(key) is not None or module._buffers.get(key) is not None:
                yield Variable.over(((module, key),), SAME, key, path="/".join((*path, key)))
