"""First values that are not drawn where a file is about to give others."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

from torchkeras._base.huge_pages import advise

from .variable import Variable

_SMALL = 1 << 14

_Waiting = list[tuple[Variable, list[int], Callable[[], object]]]
_WAITING: ContextVar[_Waiting | None] = ContextVar("torchkeras_postponed_values", default=None)


@contextmanager
def first_values_last() -> Iterator[None]:
    """Let large variables made inside wait for their first values until the end.

    Those that were written into until then keep what they have.
    """
    waiting: _Waiting = []
    token = _WAITING.set(waiting)
    try:
        yield
    finally:
        _WAITING.reset(token)
    for variable, versions, fill in waiting:
        if versions == _versions(variable):
            fill()


def postpone(variable: Variable, fill: Callable[[], object]) -> bool:
    """Say whether a variable waits for its first value.

    Args:
        variable: The variable, over memory that holds anything.
        fill: Gives it its first value.
    """
    waiting = _WAITING.get()
    if waiting is None or torch.is_inference_mode_enabled():  # where writing leaves no trace
        return False
    if sum(part.numel() for part in variable.parameters) < _SMALL:
        return False
    for part in variable.parameters:
        advise(part)
    waiting.append((variable, _versions(variable), fill))
    return True


def _versions(variable: Variable) -> list[int]:
    return [part._version for part in variable.parameters]
