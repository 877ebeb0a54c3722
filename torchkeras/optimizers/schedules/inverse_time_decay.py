"""`InverseTimeDecay`."""

from typing import Any

import torch
from torch import Tensor

from .learning_rate_schedule import LearningRateSchedule, above_zero, as_step, constants


class InverseTimeDecay(LearningRateSchedule):
    """A rate that decays with time, `initial / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: The rate at step 0.
        decay_steps: How many steps make one unit of time.
        decay_rate: The decay in one unit of time.
        staircase: Whether `step / decay_steps` is rounded down, so that the rate falls in stairs.
        name: The schedule's name.

    Raises:
        ValueError: If `decay_steps` is not above 0.

    Example:
        >>> import torchkeras
        >>> schedule = torchkeras.optimizers.schedules.InverseTimeDecay(1.0, 10, 1.0)
        >>> [float(schedule(step)) for step in (0, 10, 30)]
        [1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        decay_rate: Any,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = above_zero("decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        step = as_step(step)
        initial, steps, rate, one = constants(
            self.initial_learning_rate, self.decay_steps, self.decay_rate, 1
        )
        periods = step / steps
        return initial / (one + rate * (torch.floor(periods) if self.staircase else periods))

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }
