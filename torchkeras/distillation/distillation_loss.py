"""`DistillationLoss`: what the outputs of a teacher and a student are compared by."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchkeras import losses, tree
from torchkeras._base.messages import show

Compare = Callable[[Any, Any, Any], Any]


class DistillationLoss:
    """What is lost between the outputs of a teacher and those of a student.

    A subclass defines `compute_loss`. One with the attributes `teacher_layer_name` and
    `student_layer_name` is given what these layers compute in place of the outputs.

    Example:
        >>> import torchkeras
        >>> class Squares(torchkeras.distillation.DistillationLoss):
        ...     def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        ...         return ((teacher_outputs - student_outputs) ** 2).mean()
        >>> Squares().compute_loss(torchkeras.ops.ones(3), torchkeras.ops.zeros(3)).item()
        1.0
    """

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """Return the loss, one number.

        Args:
            teacher_outputs: What the teacher says.
            student_outputs: What the student says.
            **kwargs: Whatever a subclass takes.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no `compute_loss`. Define "
            "`compute_loss(self, teacher_outputs, student_outputs, **kwargs)` to return a scalar."
        )

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Raise if two outputs cannot be compared.

        Args:
            teacher_outputs: What the teacher says.
            student_outputs: What the student says.

        Raises:
            ValueError: If their structures differ.
        """
        tree.assert_same_structure(teacher_outputs, student_outputs)

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Raise if the loss cannot work with two models; here it always can.

        Args:
            teacher: The model that knows.
            student: The model that learns.
        """


def losses_of(loss: Any) -> Any:
    """Return the losses that a name, a loss or a structure of them stands for.

    Raises:
        ValueError: If there is none, or a name is unknown.
    """
    found = tree.map_structure(losses.get, loss)
    if all(leaf is None for leaf in tree.flatten(found)):
        raise ValueError(
            "`loss` must contain at least one non-`None` value, a loss or its name. "
            f"Received: loss={show(loss)}."
        )
    return found


def losses_from(config: Any) -> Any:
    """Return the losses that were written into a config."""
    return losses.deserialize(list(config) if isinstance(config, tuple) else config)


def total(compare: Compare, loss: Any, teacher_outputs: Any, student_outputs: Any) -> Tensor:
    """Return the sum of the losses of all outputs that have one."""
    values: list[Tensor] = []

    def add(one: Any, teacher: Any, student: Any) -> None:
        if one is not None:
            values.append(compare(one, teacher, student))

    tree.map_structure(add, loss, teacher_outputs, student_outputs)
    return values[0] if len(values) == 1 else torch.stack(values).sum()
