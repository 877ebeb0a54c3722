"""`CosineDecay`."""

import math
from typing import Any

import torch
from torch import Tensor

from .learning_rate_schedule import LearningRateSchedule, above_zero, as_step, constants


class CosineDecay(LearningRateSchedule):
    """A rate that falls along half a cosine, `rate * ((1 - alpha) * (1 + cos(π t)) / 2 + alpha)`.

    `t` goes from 0 to 1 over `decay_steps`; a linear warmup may come before.

    Args:
        initial_learning_rate: The rate at step 0.
        decay_steps: How many steps the decay takes, after the warmup.
        alpha: The last rate, as a fraction of the one from which the decay starts.
        name: The schedule's name.
        warmup_target: The rate at the end of the warmup; `None` for no warmup.
        warmup_steps: How many steps the warmup takes.

    Raises:
        ValueError: If `decay_steps` is not above 0.

    Differs from Keras:
        A whole number as `initial_learning_rate` is a float, so a warmup may start at `0`.

    Source:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
        arXiv:1608.03983.

    Example:
        >>> import torchkeras
        >>> schedule = torchkeras.optimizers.schedules.CosineDecay(0.0, 10, warmup_target=1.0,
        ...                                                        warmup_steps=4)
        >>> [round(float(schedule(step)), 3) for step in (0, 2, 4, 9, 14)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        alpha: Any = 0.0,
        name: str = "CosineDecay",
        warmup_target: Any = None,
        warmup_steps: Any = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = above_zero("decay_steps", decay_steps)
        self.alpha = alpha
        self.name = name
        self.warmup_steps = warmup_steps
        self.warmup_target = warmup_target

    def __call__(self, step: Any) -> Tensor:
        step = as_step(step)
        initial, steps = constants(self.initial_learning_rate, self.decay_steps)
        if self.warmup_target is None:
            return self._decayed(torch.minimum(step, steps), steps, initial)
        target, warmup = constants(self.warmup_target, self.warmup_steps)
        step = torch.minimum(step, steps + warmup)
        warming = (target - initial) * (step / warmup) + initial
        return torch.where(step < warmup, warming, self._decayed(step - warmup, steps, target))

    def _decayed(self, step: Tensor, steps: Tensor, rate: Tensor) -> Tensor:
        half, one, pi, alpha, rest = constants(0.5, 1, math.pi, self.alpha, 1 - self.alpha)
        wave = half * (one + torch.cos(pi * (step / steps)))
        return rate * (rest * wave + alpha)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }
