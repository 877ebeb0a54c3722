"""A torch module that finds layers, modules and variables in whatever is assigned to it.

Keras code keeps layers in plain lists and dictionaries; torch only sees direct attributes. Here a
list or dictionary attribute stays one, and a container module under the same name follows it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, SupportsIndex

from torch import nn

from torchkeras._base.naming import free_name

from .variable import Variable


class _Container(nn.Module):
    """The modules held in a list or dictionary, under its keys."""


class TrackedModule(nn.Module):
    """A module whose attributes may also be variables, and lists and dictionaries of modules."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "_variables", [])
        object.__setattr__(self, "training", False)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, nn.Module):
            _follow_mode(value, self.training)
        elif isinstance(value, Variable):
            self._keep_variable(name, value)
            return
        elif type(value) in (list, dict) and _worth_tracking(value):
            value = (TrackedList if type(value) is list else TrackedDict)(value)
        if isinstance(value, (TrackedList, TrackedDict, tuple)):
            self._follow(name, value)
            return
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

    def _follow(self, name: str, value: Any) -> None:
        if isinstance(value, tuple) and not any(isinstance(item, nn.Module) for item in value):
            super().__setattr__(name, value)
            return
        container = _Container()
        container.train(self.training)
        self._modules[name] = container
        object.__setattr__(self, name, value)
        if isinstance(value, tuple):
            _fill(container, enumerate(value))
        else:
            value.follow_with(container)

    def __delattr__(self, name: str) -> None:
        if name in self.__dict__ and name in self._modules:
            del self._modules[name]
            object.__delattr__(self, name)
        elif isinstance(self.__dict__.get(name), Variable):
            self._drop_variable(name)
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


def _worth_tracking(value: list[Any] | dict[Any, Any]) -> bool:
    """Say whether a container holds modules, or nothing yet (it may be filled later)."""
    items: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return not value or any(_holds_module(item) for item in items)


def _holds_module(item: Any) -> bool:
    if isinstance(item, (list, tuple)):
        return any(_holds_module(inner) for inner in item)
    if isinstance(item, Mapping):
        return any(_holds_module(inner) for inner in item.values())
    return isinstance(item, nn.Module)


def _fill(container: nn.Module, items: Iterable[tuple[Any, Any]]) -> None:
    """Make the children of a container equal to the modules among `items`."""
    container._modules.clear()
    for key, item in items:
        name = str(key).replace(".", "_")
        if isinstance(item, nn.Module):
            _follow_mode(item, container.training)
            container._modules[name] = item
        elif isinstance(item, (list, tuple, Mapping)) and _holds_module(item):
            inner = _Container()
            inner.train(container.training)
            _fill(inner, item.items() if isinstance(item, Mapping) else enumerate(item))
            container._modules[name] = inner


class TrackedList(list[Any]):
    """A list whose modules are also registered with torch."""

    _container: nn.Module | None = None

    def follow_with(self, container: nn.Module) -> None:
        """Keep `container`'s children equal to the modules in the list."""
        self._container = container
        self._sync()

    def _sync(self) -> None:
        if self._container is not None:
            _fill(self._container, enumerate(self))

    def append(self, item: Any) -> None:
        super().append(item)
        self._sync()

    def extend(self, items: Iterable[Any]) -> None:
        super().extend(items)
        self._sync()

    def insert(self, index: SupportsIndex, item: Any) -> None:
        super().insert(index, item)
        self._sync()

    def pop(self, index: SupportsIndex = -1) -> Any:
        item = super().pop(index)
        self._sync()
        return item

    def remove(self, item: Any) -> None:
        super().remove(item)
        self._sync()

    def clear(self) -> None:
        super().clear()
        self._sync()

    def reverse(self) -> None:
        super().reverse()
        self._sync()

    def __setitem__(self, index: Any, item: Any) -> None:
        super().__setitem__(index, item)
        self._sync()

    def __delitem__(self, index: Any) -> None:
        super().__delitem__(index)
        self._sync()

    def __iadd__(self, items: Iterable[Any]) -> "TrackedList":  # type: ignore[misc,override]
        self.extend(items)
        return self

    def __reduce__(self) -> Any:
        return (_restore_list, (), {"_container": self._container}, iter(self))


class TrackedDict(dict[Any, Any]):
    """A dictionary whose modules are also registered with torch."""

    _container: nn.Module | None = None

    def follow_with(self, container: nn.Module) -> None:
        """Keep `container`'s children equal to the modules in the dictionary."""
        self._container = container
        self._sync()

    def _sync(self) -> None:
        if self._container is not None:
            _fill(self._container, self.items())

    def __setitem__(self, key: Any, item: Any) -> None:
        super().__setitem__(key, item)
        self._sync()

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._sync()

    def update(self, *args: Any, **kwargs: Any) -> None:
        super().update(*args, **kwargs)
        self._sync()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        value = super().setdefault(key, default)
        self._sync()
        return value

    def pop(self, *args: Any) -> Any:
        value = super().pop(*args)
        self._sync()
        return value

    def popitem(self) -> tuple[Any, Any]:
        item = super().popitem()
        self._sync()
        return item

    def clear(self) -> None:
        super().clear()
        self._sync()

    def __reduce__(self) -> Any:
        return (_restore_dict, (), {"_container": self._container}, None, iter(self.items()))


def _restore_list() -> TrackedList:
    return TrackedList()


def _restore_dict() -> TrackedDict:
    return TrackedDict()


def children_of(module: nn.Module) -> Iterator[nn.Module]:
    """Yield a module's children, those inside lists and dictionaries as if they were its own."""
    for child in module.children():
        if isinstance(child, _Container):
            yield from children_of(child)
        else:
            yield child
