"""Letting any `nn.Module` be called on symbols.

torch calls modules through `nn.Module.__call__` and offers no protocol there. While symbols are
being wired, and only then, that method looks for symbols among its arguments and records the module
as one step. The first ordinary call takes the detour out again, so that training runs plain torch.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from .probe import probing
from .spec import has_spec

_PLAIN_CALL = nn.Module.__call__
_WRAP: list[Callable[[nn.Module], Callable[..., Any]]] = []


def set_wrapper(wrap: Callable[[nn.Module], Callable[..., Any]]) -> None:
    """Say what turns a plain module into something that can be called on symbols."""
    _WRAP[:] = [wrap]


def arm() -> None:
    """Watch module calls for symbols, until the first call without one."""
    if nn.Module.__call__ is _PLAIN_CALL:
        nn.Module.__call__ = _watching_call  # type: ignore[method-assign]


def disarm() -> None:
    """Give `nn.Module.__call__` back to torch."""
    nn.Module.__call__ = _PLAIN_CALL  # type: ignore[method-assign]


def _watching_call(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
    if not has_spec(args, kwargs):
        if not torch.compiler.is_compiling() and not probing():
            disarm()
        return _PLAIN_CALL(self, *args, **kwargs)
    if getattr(self, "_takes_symbols", False):
        return _PLAIN_CALL(self, *args, **kwargs)
    return _WRAP[0](self)(*args, **kwargs)
