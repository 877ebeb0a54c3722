"""`ExponentialDecay`."""

from typing import Any

import torch
from torch import Tensor

from .learning_rate_schedule import LearningRateSchedule, above_zero, as_step, constants


class ExponentialDecay(LearningRateSchedule):
    """A rate that decays exponentially, `initial * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: The rate at step 0.
        decay_steps: After how many steps the rate has been multiplied by `decay_rate` once.
        decay_rate: The factor.
        staircase: Whether `step / decay_steps` is rounded down, so that the rate falls in stairs.
        name: The schedule's name.

    Raises:
        ValueError: If `decay_steps` is not above 0.

    Example:
        >>> import torchkeras
        >>> schedule = torchkeras.optimizers.schedules.ExponentialDecay(1.0, 10, 0.5)
        >>> [float(schedule(step)) for step in (0, 10, 20)]
        [1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        decay_rate: Any,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = above_zero("decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        step = as_step(step)
        initial, steps, rate = constants(
            self.initial_learning_rate, self.decay_steps, self.decay_rate
        )
        periods = step / steps
        return initial * torch.pow(rate, torch.floor(periods) if self.staircase else periods)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }
