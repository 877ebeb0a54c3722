"""How much memory the variables made from a stranger's file or config may take."""

import functools
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import torch

from . import device

_OBJECT_BYTES = 1 << 11  # what an object made from a config takes at least
# How torch, which has no class for it on CPUs, begins to say that a tensor is beyond measure.
_BEYOND = ("can't allocate memory", "size calculation overflowed", "Overflow when unpacking")


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
def bounded() -> Iterator[None]:
    """Refuse configs that are too deep, or that ask for more than this machine has.

    Raises:
        ValueError: For those.
    """
    try:
        with within_machine():
            yield
    except RecursionError as error:
        raise ValueError("Refused: the config is nested too deeply.") from error
    except (RuntimeError, TypeError) as error:
        if not any(sign in str(error) for sign in _BEYOND):
            raise
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"Refused: the config asks for more than any machine has: {reason}"
        ) from error


def is_bounded() -> bool:
    """Say whether a limit is in force."""
    return _BUDGET.get() is not None


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


@functools.cache
def machine_memory() -> int | None:
    """Return how many bytes this machine, or container, has; `None` where that is unknown."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
    try:
        share = Path("/sys/fs/cgroup/memory.max").read_text("utf-8").strip()
    except OSError:
        return whole
    return min(whole, int(share)) if share.isdecimal() else whole


def charge(shape: Sequence[int], itemsize: int) -> None:
    """Count a variable, or a table, that is about to be filled.

    Args:
        shape: Its shape.
        itemsize: The bytes of one of its numbers.

    Raises:
        ValueError: If it is too large for what is left.
    """
    budget = _BUDGET.get()
    if budget is not None:
        budget.left -= math.prod(shape) * itemsize
        _check(budget, budget.left, f"What it asked for last has the shape {tuple(shape)}.")


def charge_object() -> None:
    """Count an object that is about to be made from its config.

    Raises:
        ValueError: If there are too many for what is left.
    """
    budget = _BUDGET.get()
    if budget is not None:
        budget.left -= _OBJECT_BYTES
        _check(budget, budget.left, "It has too many layers and other objects.")


def check_tensors(tensors: Iterable[torch.Tensor]) -> None:
    """Look at tensors without memory, which are about to get it and be counted later.

    Args:
        tensors: Tensors of the meta device.

    Raises:
        ValueError: If one is too large for what is left.
    """
    budget = _BUDGET.get()
    if budget is not None:
        for each in tensors:
            _check(budget, budget.left - each.nbytes, f"One has the shape {tuple(each.shape)}.")


def _check(budget: _Budget, left: int, what: str) -> None:
    if left < 0:
        raise ValueError(
            f"Refused: the config asks for more than {budget.size} bytes, which is "
            f"{budget.reason}. {what}"
        )
