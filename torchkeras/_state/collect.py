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
    return list({variable.key: variable for variable in _walk(module, (), set())}.values())


def _walk(module: nn.Module, path: tuple[str, ...], seen: set[int]) -> Iterator[Variable]:
    """Yield variables; `seen` holds the modules that were visited or belong to a layer's table."""
    if isinstance(module, OwnsVariables):
        own = module.own_variables()
        yield from [variable for variable in own if variable.born_trainable]
        yield from [variable for variable in own if not variable.born_trainable]
        parts = [part for variable in own for part in variable.parts]
        stock = {id(owner) for owner, _ in parts if not isinstance(owner, Container)}
        seen |= stock - {id(module)}
        path = (module.name,)
        yield from _plain(module, path, {key for owner, key in parts if owner is module})
    elif isinstance(module, Container):
        yield from module.own_variables()
    else:
        yield from _plain(module, path, set())
    for key, child in module.named_children():
        if id(child) not in seen:
            seen.add(id(child))
            yield from _walk(child, (*path, key), seen)


def _plain(module: nn.Module, path: tuple[str, ...], shown: set[str]) -> Iterator[Variable]:
    """Show the parameters and kept buffers that a torch module has of its own as variables."""
    kept = [key for key in module._buffers if key not in module._non_persistent_buffers_set]
    for key in [*module._parameters, *kept]:
        if key in shown:
            continue
        if module._parameters.get(key) is not None or module._buffers.get(key) is not None:
            yield Variable.over(((module, key),), SAME, key, path="/".join((*path, key)))
