"""How much memory the variables made from a stranger's file may take."""

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from torchkeras._base import device


class _Budget:
    """The bytes that are left."""

    def __init__(self, size: int, reason: str) -> None:
        self.size, self.left, self.reason = size, size, reason


_BUDGET: ContextVar[_Budget | None] = ContextVar("torchkeras_variable_budget", default=None)


@contextmanager
def within_machine() -> Iterator[None]:
    """Let what is made inside on the CPU take no more than the machine has, unless less is left.

    The devices that have memory of their own say by themselves that it is too little.
    """
    size = machine_memory() if device.creation().type == "cpu" else None
    if size is None or _BUDGET.get() is not None:
        yield
        return
    with limited(size, "more than this machine has"):
        yield


@contextmanager
def limited(size: int, reason: str = "far more than the file holds") -> Iterator[None]:
    """Let the variables made inside take no more than so many bytes.

    Args:
        size: The number of bytes.
        reason: What it means to take more, for the error.
    """
    token = _BUDGET.set(_Budget(size, reason))
    try:
        yield
    finally:
        _BUDGET.reset(token)


def machine_memory() -> int | None:
    """Return how many bytes this machine has, or `None` where that is unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def charge(shape: Sequence[int], itemsize: int) -> None:
    """Count a variable, or a table, that is about to be filled.

    Args:
        shape: Its shape.
        itemsize: The bytes of one of its numbers.

    Raises:
        ValueError: If it is too large for what is left.
    """
    budget = _BUDGET.get()
    if budget is None:
        return
    budget.left -= math.prod(shape) * itemsize
    if budget.left < 0:
        raise ValueError(
            f"Refused: the config asks for more than {budget.size} bytes, which is "
            f"{budget.reason}. What it asked for last has the shape {tuple(shape)}."
        )
