"""Lists and dictionaries that are torch modules too, so that torch finds what is inside.

Keras code keeps layers and variables in plain lists and dictionaries that it fills as it goes,
among whatever else it likes to keep there. These containers are a `list` and a `dict` for such
code, hold their modules as children for torch, and are the home of variables that belong to no
layer. `_items` is a plain copy that `torch.compile` can read.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, SupportsIndex

from torch import nn

from torchkeras._base.naming import free_name
from torchkeras.tree.api import register_container

from .variable import Variable

_DICTIONARIES = (dict, OrderedDict, defaultdict)


def holds_tracked(item: Any) -> bool:
    """Say whether a value is a torch module or a free variable, or a container with one inside."""
    if isinstance(item, (list, tuple)):
        return any(holds_tracked(inner) for inner in item)
    if isinstance(item, Mapping):
        return any(holds_tracked(inner) for inner in item.values())
    return isinstance(item, nn.Module) or (isinstance(item, Variable) and item.is_free)


def tracked(value: Any) -> Any:
    """Return a container for a list or dictionary that holds modules, or may come to."""
    if type(value) is list and (not value or holds_tracked(value)):
        return TrackedList(value)
    if type(value) in _DICTIONARIES and (not value or holds_tracked(value)):
        return TrackedDict(value)
    if isinstance(value, tuple) and holds_tracked(value):
        items = [tracked(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


class Container(nn.Module):
    """A module that holds the modules and free variables among its items."""

    _own: list[Variable]

    def __init__(self) -> None:
        super().__init__()
        self.training = False
        self.__dict__["_own"] = []

    def _hold(self, key: Any, item: Any) -> None:
        """Hold an item, if it is something for torch to find."""
        name = str(key).replace(".", "_")
        name = f"{name}_item" if hasattr(type(self), name) or name in self.__dict__ else name
        name = free_name(name, {**self._modules, **self._parameters, **self._buffers})
        if isinstance(item, tuple) and holds_tracked(item):
            item = TrackedTuple(item)
        if isinstance(item, nn.Module):
            if item.training != self.training:
                item.train(self.training)
            self._modules[name] = item
        elif isinstance(item, Variable) and item.is_free:
            item.move_to(self, name)
            self._own.append(item)

    def _hold_all(self, items: Iterable[tuple[Any, Any]]) -> None:
        """Hold what is among the items, and nothing else."""
        for variable in self._own:
            variable.set_free()
        self._own.clear()
        self._modules.clear()
        for key, item in items:
            self._hold(key, item)

    def own_variables(self) -> list[Variable]:
        """Return the variables whose home is this container, or one inside it."""
        inner = [child for child in self.children() if isinstance(child, Container)]
        return [*self._own, *(variable for c in inner for variable in c.own_variables())]


class TrackedTuple(Container):
    """The modules and variables of a tuple; the tuple itself stays the attribute or item."""

    def __init__(self, items: tuple[Any, ...]) -> None:
        super().__init__()
        self._hold_all(enumerate(items))


class TrackedList(Container, list[Any]):
    """A list whose modules and variables torch finds."""

    _items: list[Any]

    def __hash__(self) -> int:  # type: ignore[override]  # in Python for torch.compile
        return id(self)

    __repr__ = list.__repr__

    def __init__(self, items: Iterable[Any] = ()) -> None:
        Container.__init__(self)
        list.__init__(self, items)
        self._sync()

    def _sync(self) -> None:
        items = [tracked(item) for item in list.__iter__(self)]
        list.__setitem__(self, slice(None), items)
        self.__dict__["_items"] = items
        self._hold_all(enumerate(items))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _empty, (type(self),), self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        list.extend(self, self._items)

    def __copy__(self) -> list[Any]:
        return list(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __reversed__(self) -> Iterator[Any]:
        return reversed(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return bool(self._items)

    def append(self, item: Any) -> None:
        item = tracked(item)
        list.append(self, item)
        self._items.append(item)
        self._hold(len(self._items) - 1, item)

    def extend(self, items: Iterable[Any]) -> None:
        for item in list(items):
            self.append(item)

    def insert(self, index: SupportsIndex, item: Any) -> None:
        list.insert(self, index, item)
        self._sync()

    def pop(self, index: SupportsIndex = -1) -> Any:
        item = list.pop(self, index)
        self._sync()
        return item

    def remove(self, item: Any) -> None:
        list.remove(self, item)
        self._sync()

    def clear(self) -> None:
        list.clear(self)
        self._sync()

    def reverse(self) -> None:
        list.reverse(self)
        self._sync()

    def sort(self, **kwargs: Any) -> None:
        list.sort(self, **kwargs)
        self._sync()

    def __setitem__(self, index: Any, item: Any) -> None:
        list.__setitem__(self, index, item)
        self._sync()

    def __delitem__(self, index: Any) -> None:
        list.__delitem__(self, index)
        self._sync()

    def __iadd__(self, items: Iterable[Any]) -> "TrackedList":  # type: ignore[misc]
        self.extend(items)
        return self

    def __imul__(self, count: SupportsIndex) -> "TrackedList":
        list.__imul__(self, count)
        self._sync()
        return self


class TrackedDict(Container, dict[Any, Any]):
    """A dictionary whose modules and variables torch finds."""

    _items: dict[Any, Any]
    default_factory: Callable[[], Any] | None

    def __hash__(self) -> int:  # type: ignore[override]  # in Python for torch.compile
        return id(self)

    __repr__ = dict.__repr__

    def __init__(self, items: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = ()) -> None:
        Container.__init__(self)
        dict.__init__(self, items)
        self.__dict__["default_factory"] = getattr(items, "default_factory", None)
        self._sync()

    def _sync(self) -> None:
        items = {key: tracked(item) for key, item in dict.items(self)}
        dict.update(self, items)
        self.__dict__["_items"] = items
        self._hold_all(items.items())

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _empty, (type(self),), self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        dict.update(self, self._items)

    def __copy__(self) -> dict[Any, Any]:
        return dict(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __reversed__(self) -> Iterator[Any]:
        return reversed(self._items)

    def __getitem__(self, key: Any) -> Any:
        if self.default_factory is not None and key not in self._items:
            self[key] = self.default_factory()
        return self._items[key]

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: Any) -> bool:
        return key in self._items

    def get(self, key: Any, default: Any = None) -> Any:
        return self._items.get(key, default)

    def keys(self) -> Any:
        return self._items.keys()

    def values(self) -> Any:
        return self._items.values()

    def items(self) -> Any:
        return self._items.items()

    def __setitem__(self, key: Any, item: Any) -> None:
        before, item = self._items.get(key), tracked(item)
        dict.__setitem__(self, key, item)
        self._items[key] = item
        if isinstance(before, (nn.Module, Variable, tuple)):
            self._sync()
        else:
            self._hold(key, item)

    def __delitem__(self, key: Any) -> None:
        dict.__delitem__(self, key)
        self._sync()

    def update(self, *args: Any, **kwargs: Any) -> None:
        for key, item in dict(*args, **kwargs).items():
            self[key] = item

    def __ior__(self, other: Any) -> "TrackedDict":  # type: ignore[misc]
        self.update(other)
        return self

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self._items:
            self[key] = default
        return self._items[key]

    def pop(self, *args: Any) -> Any:
        value = dict.pop(self, *args)
        self._sync()
        return value

    def popitem(self) -> tuple[Any, Any]:
        item = dict.popitem(self)
        self._sync()
        return item

    def clear(self) -> None:
        dict.clear(self)
        self._sync()


def _by_sorted_key(items: TrackedDict) -> tuple[list[Any], Any, Any]:
    keys = tuple(sorted(items))
    return [items[key] for key in keys], keys, keys


def _empty(cls: Any) -> Any:
    """Return a container that is still to be given its state, as copies and pickles need it."""
    return cls.__new__(cls)


register_container(TrackedList, lambda items: (list(items), None), lambda _, items: list(items))
register_container(
    TrackedDict, _by_sorted_key, lambda keys, items: dict(zip(keys, items, strict=True))
)
