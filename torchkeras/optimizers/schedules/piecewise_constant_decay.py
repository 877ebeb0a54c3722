"""`PiecewiseConstantDecay`."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .learning_rate_schedule import LearningRateSchedule, as_tensor, constants


class PiecewiseConstantDecay(LearningRateSchedule):
    """A rate that is constant between boundaries, `values[i]` up to and with `boundaries[i]`.

    Args:
        boundaries: Increasing steps; at a boundary the earlier value still holds.
        values: The rates between them, one more than there are boundaries.
        name: The schedule's name.

    Raises:
        ValueError: If the lengths do not fit.

    Example:
        >>> import torchkeras
        >>> schedule = torchkeras.optimizers.schedules.PiecewiseConstantDecay([10], [1.0, 0.5])
        >>> [float(schedule(step)) for step in (0, 10, 11)]
        [1.0, 1.0, 0.5]
    """

    def __init__(
        self, boundaries: Sequence[Any], values: Sequence[Any], name: str = "PiecewiseConstant"
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "`values` must hold one more number than `boundaries`. Received: "
                f"boundaries={boundaries} (of length {len(boundaries)}) and values={values} "
                f"(of length {len(values)})."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        step = as_tensor(step)
        *values, rate = constants(*self.values)
        for boundary, value in zip(reversed(self.boundaries), reversed(values), strict=True):
            rate = torch.where(step <= boundary, value, rate)
        return rate.expand(step.shape).clone()

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}
