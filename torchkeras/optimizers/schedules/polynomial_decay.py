"""`PolynomialDecay`."""

from typing import Any

import torch
from torch import Tensor

from .learning_rate_schedule import LearningRateSchedule, above_zero, as_step, constants


class PolynomialDecay(LearningRateSchedule):
    """A rate that falls to an end, `(initial - end) * (1 - step / decay_steps) ** power + end`.

    Args:
        initial_learning_rate: The rate at step 0.
        decay_steps: When the end is reached.
        end_learning_rate: The rate from then on.
        power: The power of the polynomial; 1 is a straight line.
        cycle: Whether the rate rises again at each multiple of `decay_steps`, which then counts
            as the new `decay_steps`.
        name: The schedule's name.

    Raises:
        ValueError: If `decay_steps` is not above 0.

    Example:
        >>> import torchkeras
        >>> schedule = torchkeras.optimizers.schedules.PolynomialDecay(1.0, 10, 0.0)
        >>> [float(schedule(step)) for step in (0, 5, 10, 15)]
        [1.0, 0.5, 0.0, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        end_learning_rate: Any = 0.0001,
        power: Any = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = above_zero("decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        step = as_step(step)
        initial, steps, end, power, one = constants(
            self.initial_learning_rate, self.decay_steps, self.end_learning_rate, self.power, 1
        )
        if self.cycle:
            steps = steps * torch.where(step == 0, one, torch.ceil(step / steps))
        else:
            step = torch.minimum(step, steps)
        return (initial - end) * torch.pow(one - step / steps, power) + end

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }
