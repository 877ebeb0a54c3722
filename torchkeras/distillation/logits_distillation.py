"""`LogitsDistillation`: the student learns to say what the teacher says."""

from typing import Any, Self

import torch

from torchkeras import losses, tree
from torchkeras._base.messages import show
from torchkeras._base.serialization import serialize_keras_object

from .distillation_loss import DistillationLoss, losses_from, losses_of, total


class LogitsDistillation(DistillationLoss):
    """The loss between the logits of two models, both divided by a temperature T.

    A `losses.KLDivergence()` compares `softmax(logits / T)` and is multiplied by T². Any other loss
    gets `logits / T`; so does, as in Keras, the *function* that the name `"kl_divergence"` stands
    for, the default: to soften probabilities, give the object.

    Args:
        temperature: T; greater ones make softer probabilities.
        loss: A loss or its name, or a structure of them for several outputs, in which `None` leaves
            one out.

    Raises:
        ValueError: If `temperature` is not above 0, or there is no loss.

    Source:
        Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015.

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.distillation.LogitsDistillation(
        ...     temperature=2.0, loss=torchkeras.losses.KLDivergence()
        ... )
        >>> teacher = torchkeras.ops.convert_to_tensor([[2.0, -1.0]])
        >>> round(loss.compute_loss(teacher, torchkeras.ops.zeros_like(teacher)).item(), 4)
        0.8724
    """

    def __init__(self, temperature: float = 3.0, loss: Any = "kl_divergence") -> None:
        self.temperature = temperature
        self.loss = losses_of(loss)
        if not isinstance(temperature, (int, float)) or not temperature > 0.0:
            raise ValueError(
                "`temperature` must be a positive number. "
                f"Received: temperature={show(temperature)} (of type {type(temperature).__name__})."
            )

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """Return the loss, one number.

        Args:
            teacher_outputs: The teacher's logits.
            student_outputs: The student's logits, in the same structure.
            **kwargs: Nothing that counts.
        """
        return total(
            self._compare, self.loss, *map(self._cooled, (teacher_outputs, student_outputs))
        )

    def _cooled(self, outputs: Any) -> Any:
        return tree.map_structure(lambda logits: logits / self.temperature, outputs)

    def _compare(self, loss: Any, teacher: Any, student: Any) -> Any:
        if not isinstance(loss, losses.KLDivergence):
            return loss(teacher, student).mean()
        value = loss(torch.softmax(teacher, -1), torch.softmax(student, -1)).mean()
        return value * self.temperature**2

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__` as plain values."""
        return {"temperature": self.temperature, "loss": serialize_keras_object(self.loss)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the loss that a config describes.

        Args:
            config: What `get_config()` returned.
        """
        return cls(**{**config, "loss": losses_from(config["loss"])})
