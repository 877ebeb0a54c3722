"""What the timing of a net needs to know."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Net:
    """A net, its data and how it is trained.

    Attributes:
        name: What the table calls it.
        data: Makes inputs (channels last) and targets for a number of samples.
        keras: Makes the compiled model of a package with Keras's API.
        torch: Makes the module of plain torch.
        loss: The loss of outputs and targets in plain torch.
        optimizer: Makes torch's optimizer of parameters.
        metric: The sum over a batch of what is measured, of outputs and targets.
        torch_data: Turns inputs and targets into what the torch module takes.
        batch: Samples per step.
        steps: Steps per epoch.
    """

    name: str
    data: Callable[[int], tuple[np.ndarray, np.ndarray]]
    keras: Callable[[Any], Any]
    torch: Callable[[], Any]
    loss: Callable[[Any, Any], Any]
    optimizer: Callable[[Any], Any]
    metric: Callable[[Any, Any], Any]
    torch_data: Callable[[Any, Any], tuple[Any, Any]]
    batch: int
    steps: int

    def samples(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the inputs and targets of one epoch."""
        return self.data(self.batch * self.steps)


def as_they_are(x: Any, y: Any) -> tuple[Any, Any]:
    return x, y


def correct(outputs: Any, targets: Any) -> Any:
    """Return how many rows have their largest output at the target."""
    return (outputs.argmax(-1) == targets).sum()


def right_side(outputs: Any, targets: Any) -> Any:
    """Return how many logits lie on the side of their binary target."""
    return ((outputs > 0) == (targets > 0.5)).sum()


def absolute_error(outputs: Any, targets: Any) -> Any:
    """Return the sum of the absolute errors."""
    return (outputs - targets).abs().sum()
