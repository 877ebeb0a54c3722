"""Lists and dictionaries that are torch modules too, so that torch finds the modules inside.

Keras code keeps layers in plain lists and dictionaries that it fills as it goes, among whatever
else it likes to keep there. These containers are a `list` and a `dict` for such code and hold their
modules as children for torch. `_items` is a plain copy that `torch.compile` can read.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, SupportsIndex

from torch import nn


def holds_module(item: Any) -> bool:
    """Say whether a value is a torch module, or a container with one inside."""
    if isinstance(item, (list, tuple)):
        return any(holds_module(inner) for inner in item)
    if isinstance(item, Mapping):
        return any(holds_module(inner) for inner in item.values())
    return isinstance(item, nn.Module)


class _Children(nn.Module):
    """A container whose children are the modules among its items."""

    def _register(self, items: Iterable[tuple[Any, Any]]) -> None:
        children = self.__dict__.get("_modules")
        if children is None:  # while unpickling, items come before the state
            return
        children.clear()
        for key, item in items:
            child = item if isinstance(item, nn.Module) else as_module(item)
            if child is not None:
                if child.training != self.training:
                    child.train(self.training)
                children[str(key).replace(".", "_")] = child


class TrackedTuple(_Children):
    """The modules of a tuple; the tuple itself stays the attribute's item."""

    def __init__(self, items: tuple[Any, ...]) -> None:
        super().__init__()
        self._register(enumerate(items))


class TrackedList(_Children, list[Any]):
    """A list whose modules torch finds."""

    _items: list[Any]
    __hash__ = object.__hash__  # type: ignore[assignment]
    __repr__ = list.__repr__

    def __init__(self, items: Iterable[Any] = ()) -> None:
        nn.Module.__init__(self)
        self.training = False
        list.__init__(self, items)
        self._sync()

    def _sync(self) -> None:
        self.__dict__["_items"] = list(list.__iter__(self))
        self._register(enumerate(self._items))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return bool(self._items)

    def append(self, item: Any) -> None:
        list.append(self, item)
        self._sync()

    def extend(self, items: Iterable[Any]) -> None:
        list.extend(self, items)
        self._sync()

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


class TrackedDict(_Children, dict[Any, Any]):
    """A dictionary whose modules torch finds."""

    _items: dict[Any, Any]
    __hash__ = object.__hash__  # type: ignore[assignment]
    __repr__ = dict.__repr__

    def __init__(self, items: Mapping[Any, Any]) -> None:
        nn.Module.__init__(self)
        self.training = False
        dict.__init__(self, items)
        self._sync()

    def _sync(self) -> None:
        self.__dict__["_items"] = dict(dict.items(self))
        self._register(self._items.items())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __getitem__(self, key: Any) -> Any:
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
        dict.__setitem__(self, key, item)
        self._sync()

    def __delitem__(self, key: Any) -> None:
        dict.__delitem__(self, key)
        self._sync()

    def update(self, *args: Any, **kwargs: Any) -> None:
        dict.update(self, *args, **kwargs)
        self._sync()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        value = dict.setdefault(self, key, default)
        self._sync()
        return value

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


def as_module(value: Any) -> nn.Module | None:
    """Return a container module for a list, tuple or dictionary with modules inside, or `None`."""
    if isinstance(value, nn.Module) or not holds_module(value):
        return None
    if isinstance(value, tuple):
        return TrackedTuple(value)
    return TrackedDict(value) if isinstance(value, Mapping) else TrackedList(value)


CONTAINERS = (TrackedTuple, TrackedList, TrackedDict)
