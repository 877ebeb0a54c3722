"""`Logs`: metrics by name, whose numbers are made when somebody reads them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.fetching import fetched
from torchkeras._state.variable import Variable

Read = Callable[[], Mapping[str, Any]]


class Logs(dict[str, Any]):
    """A dictionary of metrics that asks the device only when a value is read.

    It is given values, or a function that is called for them when the first is wanted. Names are
    sorted, dictionaries of metrics inside are taken apart, scalar tensors are read as floats.

    Args:
        values: Names and values, or a function that returns them.
    """

    # All methods of `dict` that read are made to look first; see below.
    _read: Read | None

    def __init__(self, values: Mapping[str, Any] | Read | None = None) -> None:
        super().__init__()
        self._read = None
        if callable(values):
            self._read = values
        elif values:
            self._take(values)

    def settle(self) -> None:
        """Get the values now, as tensors: they may be about to change."""
        if self._read is not None:
            read, self._read = self._read, None
            self._take(read())

    def raw(self) -> dict[str, Any]:
        """Return the values as they are, numbers or tensors."""
        self.settle()
        return dict(dict.items(self))

    def _take(self, values: Mapping[str, Any]) -> None:
        for name, value in _flat(snapshot(values)):
            dict.__setitem__(self, name, value)

    def _number(self, name: str) -> Any:
        value = dict.__getitem__(self, name)
        if isinstance(value, (float, str)):
            return value
        made = number(value)
        dict.__setitem__(self, name, made)
        return made

    def _numbers(self) -> None:
        """Make all numbers, with one question to each device."""
        waiting: dict[tuple[Any, Any], list[str]] = {}
        for name, value in dict.items(self):
            if isinstance(value, Tensor) and value.numel() == 1 and value.device.type != "cpu":
                waiting.setdefault((value.device, value.dtype), []).append(name)
        for names in waiting.values():
            stacked = torch.stack([dict.__getitem__(self, name).reshape(()) for name in names])
            for name, value in zip(names, fetched(stacked).tolist(), strict=True):
                dict.__setitem__(self, name, float(value))
        for name in list(dict.keys(self)):
            self._number(name)

    def __getitem__(self, name: str) -> Any:
        self.settle()
        return self._number(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.settle()
        return self._number(name) if dict.__contains__(self, name) else default

    def copy(self) -> Self:
        return type(self)(self.raw())

    def __reduce__(self) -> Any:
        return (dict, (dict(self),))

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return dict(self)


def _on_names(name: str) -> Callable[..., Any]:
    """Return a method of `dict` that gets the values first."""
    original = getattr(dict, name)

    def method(self: Logs, *args: Any, **kwargs: Any) -> Any:
        self.settle()
        return original(self, *args, **kwargs)

    method.__name__ = name
    return method


def _on_numbers(name: str) -> Callable[..., Any]:
    """Return a method of `dict` that makes all numbers first."""
    original = getattr(dict, name)

    def method(self: Logs, *args: Any, **kwargs: Any) -> Any:
        self.settle()
        self._numbers()
        return original(self, *args, **kwargs)

    method.__name__ = name
    return method


_NAMES = "__contains__ __delitem__ __iter__ __len__ __reversed__ __setitem__ clear keys update"
_NUMBERS = "__eq__ __ior__ __ne__ __or__ __repr__ __ror__ items pop popitem setdefault values"
for _name in _NAMES.split():
    setattr(Logs, _name, _on_names(_name))
for _name in _NUMBERS.split():
    setattr(Logs, _name, _on_numbers(_name))


def snapshot(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return metrics that do not change when their states go on."""
    held: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            held[name] = snapshot(value)
        else:
            held[name] = value.detach().clone() if isinstance(value, Tensor) else value
    return held


def _flat(values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in sorted(values.items()):
        if isinstance(value, Mapping):
            yield from _flat(value)
        else:
            yield name, value


def number(value: Any) -> Any:
    """Return one number as a float, a larger tensor as an array, anything else as it is."""
    if isinstance(value, Variable):
        value = value.value
    if isinstance(value, Tensor):
        value = fetched(value.detach())
        return float(value.item()) if value.numel() == 1 else value.numpy()
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, (int, np.generic)):
        return float(value)
    return value
