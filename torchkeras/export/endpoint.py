"""What an `ExportArchive` traces: functions and collections of variables as modules."""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from torch import Tensor, nn

from torchkeras._state.variable import Variable


class Endpoint(nn.Module):
    """A function as a module, so that the weights it uses are weights of the program."""

    fn: Callable[..., Any]

    def __init__(self, fn: Callable[..., Any], resources: Iterable[nn.Module]) -> None:
        super().__init__()
        self.__dict__["fn"] = fn  # not a part: it is one of the resources, if it is a module
        self.resources = nn.ModuleList(dict.fromkeys([*resources, *modules_of(fn)]))

    def forward(self, *args: Any) -> Any:
        """Run the function."""
        return self.fn(*args)


def modules_of(fn: Any) -> Iterator[nn.Module]:
    """Yield the modules that a function is, is bound to, or refers to by name.

    Args:
        fn: The function.
    """
    if isinstance(fn, functools.partial):
        yield from modules_of(fn.func)
        return
    owner = fn if isinstance(fn, nn.Module) else getattr(fn, "__self__", None)
    if isinstance(owner, nn.Module):
        yield owner
    elif inspect.isfunction(fn):
        named = inspect.getclosurevars(fn)
        values = [*named.nonlocals.values(), *named.globals.values()]
        yield from (value for value in values if isinstance(value, nn.Module))


class Collection(nn.Module):
    """Variables as a module that returns their values."""

    def __init__(self, variables: Iterable[Variable]) -> None:
        super().__init__()
        for index, variable in enumerate(variables):
            value = variable.value.detach().clone().contiguous()
            self.register_buffer(f"variable_{index}", value)

    def forward(self) -> list[Tensor]:
        """Return the values, in order."""
        return list(self.buffers())
