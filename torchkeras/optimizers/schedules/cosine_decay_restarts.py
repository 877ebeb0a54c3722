"""`CosineDecayRestarts`."""

import math
from typing import Any

import torch
from torch import Tensor

from .learning_rate_schedule import LearningRateSchedule, above_zero, as_step, constants


class CosineDecayRestarts(LearningRateSchedule):
    """A rate that falls along half a cosine and then starts again, period after period.

    In period `i` it is `initial * ((1 - alpha) * m_mul**i * (1 + cos(π t)) / 2 + alpha)`, with `t`
    going from 0 to 1 over `first_decay_steps * t_mul**i` steps.

    Args:
        initial_learning_rate: The rate at step 0.
        first_decay_steps: The length of the first period.
        t_mul: How many times longer each period is than the one before.
        m_mul: How many times higher each period starts than the one before.
        alpha: The lowest rate, as a fraction of the initial one.
        name: The schedule's name.

    Raises:
        ValueError: If `first_decay_steps` is not above 0.

    Source:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
        arXiv:1608.03983.

    Example:
        >>> import torchkeras
        >>> schedule = torchkeras.optimizers.schedules.CosineDecayRestarts(1.0, 10)
        >>> [round(float(schedule(step)), 3) for step in (0, 5, 10, 20, 30)]
        [1.0, 0.5, 1.0, 0.5, 1.0]
    """

    def __init__(
        self,
        initial_learning_rate: Any,
        first_decay_steps: Any,
        t_mul: Any = 2.0,
        m_mul: Any = 1.0,
        alpha: Any = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = above_zero("first_decay_steps", first_decay_steps)
        self._t_mul = t_mul
        self._m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        step = as_step(step)
        initial, steps, alpha, m_mul, half, one, pi = constants(
            *(self.initial_learning_rate, self.first_decay_steps, self.alpha, self._m_mul),
            *(0.5, 1, math.pi),
        )
        period, done = self._period(step / steps)
        wave = half * torch.pow(m_mul, period) * (one + torch.cos(pi * done))
        return initial * ((one - alpha) * wave + alpha)

    def _period(self, time: Tensor) -> tuple[Tensor, Tensor]:
        """Return the number of the period and how much of it is done, in units of the first."""
        if float(self._t_mul) == 1.0:
            period = torch.floor(time)
            return period, time - period
        t_mul, one = constants(self._t_mul, 1)
        shrink = one - t_mul
        period = torch.floor(torch.log(one - time * shrink) / torch.log(t_mul))
        length = torch.pow(t_mul, period)
        return period, (time - (one - length) / shrink) / length

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self._t_mul,
            "m_mul": self._m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }
