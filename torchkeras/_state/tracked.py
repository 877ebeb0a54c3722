"""A torch module whose attributes may also be variables, and lists and dictionaries of modules."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from torchkeras._base.naming import free_name

from .containers import CONTAINERS, TrackedDict, TrackedList, TrackedTuple, holds_module
from .variable import Variable


class TrackedModule(nn.Module):
    """A module that finds the layers, modules and variables in whatever is assigned to it."""

    _variables: list[Variable]

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "_variables", [])
        object.__setattr__(self, "training", False)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Variable):
            self._keep_variable(name, value)
            return
        if type(value) in (list, dict) and (not value or holds_module(value)):
            value = (TrackedList if type(value) is list else TrackedDict)(value)
        if isinstance(value, tuple) and holds_module(value):
            children = TrackedTuple(value)
            children.train(self.training)
            self._modules[name] = children
            object.__setattr__(self, name, value)
            return
        if isinstance(value, nn.Module):
            _follow_mode(value, self.training)
        super().__setattr__(name, value)

    def _keep_variable(self, name: str, variable: Variable) -> None:
        """Keep a variable as attribute; one that belongs to no layer yet becomes this one's."""
        if variable.is_free:
            variable.move_to(self, self._free_key(variable.name))
            self._variables.append(variable)
        object.__setattr__(self, name, variable)

    def _free_key(self, name: str) -> str:
        taken = {**self._parameters, **self._buffers, **self._modules}
        return free_name(name.replace(".", "_"), taken)

    def __delattr__(self, name: str) -> None:
        value = self.__dict__.get(name)
        if isinstance(value, Variable):
            self._drop_variable(name)
        elif isinstance(value, tuple) and name in self._modules:
            del self._modules[name]
            object.__delattr__(self, name)
        else:
            super().__delattr__(name)

    def _drop_variable(self, name: str) -> None:
        variable: Variable = self.__dict__.pop(name)
        self._variables[:] = [kept for kept in self._variables if kept is not variable]
        for module, key in variable.parts:
            module._parameters.pop(key, None)
            module._buffers.pop(key, None)

    def own_variables(self) -> list[Variable]:
        """Return the variables of this module alone, stock modules' parameters included."""
        return list(self._variables)


def _follow_mode(module: nn.Module, training: bool) -> None:
    if module.training != training:
        module.train(training)


def children_of(module: nn.Module) -> Iterator[nn.Module]:
    """Yield a module's children, those inside lists and dictionaries as if they were its own."""
    for child in module.children():
        if isinstance(child, CONTAINERS):
            yield from children_of(child)
        else:
            yield child
