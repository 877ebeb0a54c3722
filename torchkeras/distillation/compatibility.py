"""Whether a student can learn from a teacher: inputs and outputs must be alike."""

from collections.abc import Callable
from typing import Any

from torchkeras import tree
from torchkeras.models import Model


def check_models(teacher: Any, student: Any) -> None:
    """Raise if two models cannot be compared.

    Raises:
        ValueError: If one is no model, or shapes or dtypes of inputs or outputs differ.
    """
    for role, model in (("Teacher", teacher), ("Student", student)):
        if not isinstance(model, Model):
            raise ValueError(f"{role} must be a Model. Received: {model!r} (of {type(model)}).")
    for kind in ("inputs", "outputs"):
        ours, theirs = (getattr(model, kind, None) for model in (teacher, student))
        if ours is not None and theirs is not None:
            _check(kind.removesuffix("s"), ours, theirs, _check_shapes)
            _check(kind.removesuffix("s"), ours, theirs, _check_dtypes)


def _check(kind: str, teacher: Any, student: Any, check: Callable[[str, Any, Any], None]) -> None:
    if len(teacher) != len(student):
        raise ValueError(
            f"Teacher and student must have as many {kind}s as each other. "
            f"Received: {len(teacher)} of the teacher, {len(student)} of the student."
        )
    tree.map_structure(lambda ours, theirs: check(kind, ours, theirs), teacher, student)


def _check_shapes(kind: str, teacher: Any, student: Any) -> None:
    said = f"Teacher: {teacher.shape}, Student: {student.shape}."
    if len(teacher.shape) != len(student.shape):
        raise ValueError(f"Teacher and student {kind} shapes have different dimensions. {said}")
    pairs = zip(teacher.shape, student.shape, strict=True)
    if any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ValueError(
            f"Teacher and student {kind} shapes are incompatible. {said} All dimensions must match."
        )


def _check_dtypes(kind: str, teacher: Any, student: Any) -> None:
    if teacher.dtype != student.dtype:
        raise ValueError(
            f"Teacher and student {kind} dtypes must match. "
            f"Teacher: {teacher.dtype}, Student: {student.dtype}."
        )
