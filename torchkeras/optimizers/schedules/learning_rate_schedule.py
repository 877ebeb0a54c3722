"""`LearningRateSchedule`: a learning rate as a function of the optimizer's iterations."""

from functools import lru_cache
from typing import Any, Self

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._state.variable import Variable


class LearningRateSchedule:
    """The base of learning rates that change with the optimizer's iterations.

    A subclass defines `__call__(step)` and, to be written into files, `get_config()`. `step` is the
    optimizer's `iterations`: a variable that works in torch's functions and operators and that
    `int` and `float` take.

    Example:
        >>> import torchkeras
        >>> class Halving(torchkeras.optimizers.schedules.LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.5 ** (int(step) + 1)
        >>> torchkeras.optimizers.SGD(Halving()).learning_rate
        0.5
    """

    def __call__(self, step: Any) -> Any:
        """Return the learning rate.

        Args:
            step: How many steps the optimizer has taken.
        """
        raise NotImplementedError(
            f"The schedule {type(self).__name__!r} must define `__call__(self, step)`."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule."""
        raise NotImplementedError(
            f"The schedule {type(self).__name__!r} must define `get_config()`, returning the "
            "arguments of its `__init__`, to be written into a config."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a schedule from what `get_config` returned.

        Args:
            config: The arguments by name.
        """
        return cls(**config)


def as_tensor(step: Any) -> Tensor:
    """Return a step as a tensor, on its own device."""
    if isinstance(step, Variable):
        step = step.value
    return step if isinstance(step, Tensor) else torch.as_tensor(step, device="cpu")


def as_step(step: Any) -> Tensor:
    """Return a step as a float tensor, on its own device."""
    return as_tensor(step).to(to_torch(None))


def constants(*numbers: Any) -> tuple[Tensor, ...]:
    """Return numbers as float tensors, so that every operation rounds as Keras's does.

    They are kept and shared, because making a tensor costs more than computing with it: none of
    them may be changed or given to the user.
    """
    dtype = to_torch(None)
    return tuple(_constant(float(number), dtype) for number in numbers)


@lru_cache(maxsize=256)
def _constant(number: float, dtype: torch.dtype) -> Tensor:
    return torch.tensor(number, dtype=dtype, device="cpu")


def above_zero(argument: str, value: Any) -> Any:
    """Return `value`, or raise a `ValueError` unless it is a number above 0."""
    if not value > 0:
        raise ValueError(f"`{argument}` must be > 0. Received: {argument}={show(value)}.")
    return value
