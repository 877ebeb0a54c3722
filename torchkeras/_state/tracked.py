"""A torch module whose attributes may also be variables, and lists and dictionaries of modules."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from torchkeras._base.naming import free_name

from .containers import Container, TrackedTuple, holds_tracked, tracked
from .variable import Variable


class FromInit:
    """An attribute that `__init__` gives to each instance; without it there is advice."""

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        raise _init_missing(owner)


class TrackedModule(nn.Module):
    """A module that finds the layers, modules and variables in whatever is assigned to it."""

    _backward_hooks = FromInit()  # what torch's call reads first
    _variables: list[Variable] = FromInit()  # type: ignore[assignment]

    def __init__(self) -> None:
        early = self.__dict__.pop("_early", ())
        super().__init__()
        object.__setattr__(self, "_variables", [])
        object.__setattr__(self, "training", False)
        for name in early:
            if name in self.__dict__:
                setattr(self, name, self.__dict__[name])

    def __getattr__(self, name: str) -> Any:
        """Find what torch keeps apart; a property that failed may say so itself."""
        state = self.__dict__
        if "_modules" in state:
            if name in state["_modules"]:
                return state["_modules"][name]
            if name in state["_parameters"]:
                return state["_parameters"][name]
            if name in state["_buffers"]:
                return state["_buffers"][name]
        own = getattr(type(self), name, None)
        if isinstance(own, property) and own.fget is not None:
            return own.fget(self)
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}{self._why_missing()}"
        )

    def _why_missing(self) -> str:
        """Return what may be the reason that an attribute is not there."""
        return ""

    def __setattr__(self, name: str, value: Any) -> None:
        modules = self.__dict__.get("_modules")
        if modules is None:
            self.__dict__.setdefault("_early", []).append(name)
            object.__setattr__(self, name, value)
            return
        if isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
            return
        value = tracked(value)
        modules.pop(_tuple_key(name), None)
        if isinstance(value, nn.Module):
            self._give_way(name)
            _follow_mode(value, self.training)
            gone = modules.get(name)
            super().__setattr__(name, value)
            if gone is not None:
                self._follow_parameters(gone, value)
            return
        modules.pop(name, None)
        taken = name in self._parameters or name in self._buffers
        if taken and not isinstance(value, (Tensor, Variable)):
            self._give_way(name)
        if isinstance(value, Variable):
            self._keep_variable(name, value)
        elif isinstance(value, tuple) and holds_tracked(value):
            children = TrackedTuple(value)
            children.train(self.training)
            modules[_tuple_key(name)] = children
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def _keep_variable(self, name: str, variable: Variable) -> None:
        """Keep a variable as attribute; one that belongs to no layer yet becomes this one's."""
        if variable.is_free:
            variable.move_to(self, self._free_key(variable.name))
            self._variables.append(variable)
        object.__setattr__(self, name, variable)

    def _give_way(self, name: str) -> None:
        """Keep a variable whose tensor lies under a name that another attribute takes."""
        held = (v for v in self._variables if v.parts == ((self, name),) and v.name == name)
        for variable in held:
            variable.set_free()
            variable.move_to(self, self._free_key(f"{name}_value"))

    def _follow_parameters(self, gone: nn.Module, new: nn.Module) -> None:
        """Let variables show the module that took another one's place, unless it wraps that."""
        if all(module is not gone for module in new.modules()):
            for variable in self._variables:
                variable.follow(gone, new)

    def _free_key(self, name: str) -> str:
        taken = {**self._parameters, **self._buffers, **self._modules}
        return free_name(name.replace(".", "_"), taken)

    def __delattr__(self, name: str) -> None:
        value = self.__dict__.get(name)
        if isinstance(value, Variable):
            self._drop_variable(name)
        else:
            self._modules.pop(_tuple_key(name), None)
            super().__delattr__(name)

    def _drop_variable(self, name: str) -> None:
        variable: Variable = self.__dict__.pop(name)
        self._variables[:] = [kept for kept in self._variables if kept is not variable]
        for module, key in variable.parts:
            module._parameters.pop(key, None)
            module._buffers.pop(key, None)

    def own_variables(self) -> list[Variable]:
        """Return the variables of this module alone, those in lists and dictionaries too.

        Those of a module that something else has taken the place of are gone.
        """
        there = {id(module) for module in self.modules()} if self._variables else ()
        containers = [m for m in self._modules.values() if isinstance(m, Container)]
        return [
            *(variable for variable in self._variables if variable.lies_in(there)),
            *(v for inside in containers for v in inside.own_variables()),
        ]


def _init_missing(cls: type) -> RuntimeError:
    return RuntimeError(
        f"In {cls.__name__!r}, you forgot to call `super().__init__()` before anything else in "
        "`__init__`: layers and weights cannot be kept without it. Add it as the first statement."
    )


def _tuple_key(name: str) -> str:
    """Return where the modules of a tuple are; torch must find a module under its own name."""
    return f"{name}_items"


def _follow_mode(module: nn.Module, training: bool) -> None:
    if module.training != training:
        module.train(training)


def children_of(module: nn.Module) -> Iterator[nn.Module]:
    """Yield a module's children, those inside lists and dictionaries as if they were its own."""
    for child in module.children():
        if isinstance(child, Container):
            yield from children_of(child)
        else:
            yield child
