"""`FeatureDistillation`: layers of the student learn to compute what layers of the teacher do."""

from typing import Any, Self

from torchkeras import losses, tree

from .distillation_loss import DistillationLoss, losses_from, losses_of, total


class FeatureDistillation(DistillationLoss):
    """The loss between what a layer of the teacher and a layer of the student compute.

    Args:
        loss: A loss or its name, or a structure of them for several outputs, in which `None` leaves
            one out.
        teacher_layer_name: The teacher's layer; its final outputs if not given.
        student_layer_name: The student's layer; its final outputs if not given.

    Raises:
        ValueError: If there is no loss.

    Example:
        >>> import torchkeras
        >>> loss = torchkeras.distillation.FeatureDistillation("mae")
        >>> loss.compute_loss(torchkeras.ops.ones((2, 3)), torchkeras.ops.zeros((2, 3))).item()
        1.0
    """

    def __init__(
        self,
        loss: Any = "mse",
        teacher_layer_name: str | None = None,
        student_layer_name: str | None = None,
    ) -> None:
        self.teacher_layer_name = teacher_layer_name
        self.student_layer_name = student_layer_name
        self.loss = losses_of(loss)

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Raise if the models do not have the layers, or do not tell.

        Args:
            teacher: The model that knows.
            student: The model that learns.

        Raises:
            ValueError: If a layer is missing, or a model is not made from symbols.
        """
        wanted = {"teacher": self.teacher_layer_name, "student": self.student_layer_name}
        if not any(wanted.values()):
            return
        models = {"teacher": teacher, "student": student}
        untold = [role for role, model in models.items() if getattr(model, "inputs", None) is None]
        if untold:
            raise ValueError(
                "FeatureDistillation with specific layer names requires Functional or Sequential "
                f"models that know their inputs. The {' and '.join(untold)} has none. Make it from "
                "symbols (a Sequential needs an `Input` first), or leave the layer names away to "
                f"compare final outputs. Received: teacher={teacher!r}, student={student!r}."
            )
        for role, name in wanted.items():
            if name is not None:
                _require_layer(role, models[role], name)

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Raise if two outputs cannot be compared.

        Args:
            teacher_outputs: What the teacher's layer computes.
            student_outputs: What the student's layer computes.

        Raises:
            ValueError: If their structures, or that of the losses, differ.
        """
        super().validate_outputs(teacher_outputs, student_outputs)
        try:
            tree.assert_same_structure(self.loss, teacher_outputs)
        except (TypeError, ValueError) as error:
            raise ValueError(
                "Loss structure mismatch: `loss` must have the structure of the outputs. "
                f"Received: loss={self.loss!r} for outputs of the structure "
                f"{tree.map_structure(lambda x: tuple(x.shape), teacher_outputs)}."
            ) from error

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """Return the loss, one number.

        Args:
            teacher_outputs: What the teacher's layer computes.
            student_outputs: What the student's layer computes, in the same structure.
            **kwargs: Nothing that counts.
        """
        return total(_compare, self.loss, teacher_outputs, student_outputs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__` as plain values."""
        return {
            "loss": losses.serialize(self.loss),
            "teacher_layer_name": self.teacher_layer_name,
            "student_layer_name": self.student_layer_name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the loss that a config describes.

        Args:
            config: What `get_config()` returned.
        """
        return cls(**{**config, "loss": losses_from(config["loss"])})


def _compare(loss: Any, teacher: Any, student: Any) -> Any:
    return loss(teacher, student).mean()


def _require_layer(role: str, model: Any, name: str) -> None:
    try:
        model.get_layer(name=name)
    except ValueError as error:
        raise ValueError(f"In {role} model: {error}") from error
