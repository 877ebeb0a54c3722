"""How much memory the variables made from a stranger's file may take."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar


class _Budget:
    """The bytes that are left."""

    def __init__(self, size: int) -> None:
        self.size, self.left = size, size


_BUDGET: ContextVar[_Budget | None] = ContextVar("torchkeras_variable_budget", default=None)


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Let the variables made inside take no more than so many bytes.

    Args:
        size: The number of bytes.
    """
    token = _BUDGET.set(_Budget(size))
    try:
        yield
    finally:
        _BUDGET.reset(token)


def charge(shape: Sequence[int], itemsize: int) -> None:
    """Count a variable that is about to be filled.

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
            f"Refused: the config asks for variables of more than {budget.size} bytes, far more "
            f"than the file holds. The last one has the shape {tuple(shape)}."
        )
