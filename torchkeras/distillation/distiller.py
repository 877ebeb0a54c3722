"""`Distiller`: a model that trains a student with what a teacher says."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from inspect import unwrap
from typing import Any, Self

import torch
from torch import Tensor

from torchkeras import losses, metrics, tree
from torchkeras._base.messages import show
from torchkeras._base.serialization import serialize_keras_object
from torchkeras._training.compile_spec import with_torch_losses
from torchkeras.models import Model, Sequential

from .compatibility import check_models
from .extraction import FINAL, Memory, extractor_of, features


class Distiller(Model):
    """A student that learns from targets and from a teacher, which is frozen.

    `loss = w · student_loss + (1 - w) · Σ weight · distillation_loss`, w being
    `student_loss_weight`. Called, it answers as the student, which `distiller.student` is.

    Args:
        teacher: A trained model.
        student: The model to train, with inputs and outputs like the teacher's.
        distillation_losses: A `DistillationLoss`, or a list of them.
        distillation_loss_weights: What each is multiplied by; 1 if not given.
        student_loss_weight: w, from 0 to 1.
        name: The name of the model.
        **kwargs: Those of `Model`.

    Raises:
        ValueError: If the models do not fit together, or a number is not allowed.

    Example:
        >>> import torchkeras
        >>> from torchkeras import distillation, layers
        >>> nets = [torchkeras.Sequential([layers.Input((4,)), layers.Dense(3)]) for _ in range(2)]
        >>> distiller = distillation.Distiller(*nets, distillation.LogitsDistillation())
        >>> distiller.compile("sgd", "sparse_categorical_crossentropy")
        >>> logs = distiller.fit(torchkeras.ops.ones((8, 4)), torchkeras.ops.ones(8), verbose=0)
        >>> sorted(logs.history)
        ['distillation_loss', 'loss', 'student_loss', 'total_loss']
    """

    _student_loss: Any = None
    _student_loss_for_serialization: Any = None

    def __init__(
        self,
        teacher: Model,
        student: Model,
        distillation_losses: Any,
        distillation_loss_weights: Sequence[float] | None = None,
        student_loss_weight: float = 0.5,
        name: str = "distiller",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        check_models(teacher, student)
        self.teacher, self.student = teacher, student
        self.student_loss_weight = _checked_weight(student_loss_weight)
        self.distillation_losses = _listed(distillation_losses)
        self.distillation_loss_weights = _weights(
            distillation_loss_weights, len(self.distillation_losses)
        )
        for loss in self.distillation_losses:
            loss.validate_model_compatibility(teacher, student)
        # Not registered: their layers are those of the two models.
        for role, model in (("teacher", teacher), ("student", student)):
            found = [getattr(loss, f"{role}_layer_name", None) for loss in self.distillation_losses]
            extractor = extractor_of(model, filter(None, found))
            object.__setattr__(self, f"_{role}_feature_extractor", extractor)
        object.__setattr__(self, "_memory", Memory())
        self.teacher.trainable = False
        self.student_loss_tracker = metrics.Mean(name="student_loss")
        self.distillation_loss_tracker = metrics.Mean(name="distillation_loss")
        self.total_loss_tracker = metrics.Mean(name="total_loss")

    _teacher_feature_extractor: Model | None
    _student_feature_extractor: Model | None
    _memory: Memory

    # Compiling

    def compile(  # type: ignore[override]
        self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None, **kwargs: Any
    ) -> None:
        """Say how the student is trained and what is measured.

        Args:
            optimizer: An optimizer or its name.
            loss: The loss between targets and the student's outputs, in their structure.
            metrics: A list of metrics.
            **kwargs: Those of `Model.compile`.

        Raises:
            ValueError: If `loss` is missing or `metrics` is no list.
        """
        if loss is None:
            raise ValueError(
                "`loss` cannot be `None`: it compares targets with what the student says. Give one "
                "such as 'sparse_categorical_crossentropy'."
            )
        if metrics is not None and not isinstance(metrics, (list, tuple)):
            raise ValueError(f"`metrics` must be a list or tuple. Received: metrics={metrics!r}.")
        found = tree.map_structure(losses.get, with_torch_losses(loss))
        object.__setattr__(self, "_student_loss", found)
        object.__setattr__(self, "_student_loss_for_serialization", loss)
        super().compile(optimizer=optimizer, loss=None, metrics=metrics, **kwargs)

    def get_compile_config(self) -> dict[str, Any]:
        """Return the arguments of `compile` as plain values, or nothing before it was called."""
        config = super().get_compile_config()
        if config:
            config["loss"] = serialize_keras_object(self._student_loss_for_serialization)
        return config

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as `get_compile_config()` says.

        Args:
            config: What `get_compile_config()` returned.
        """
        # `legacy.install()` wraps the method, which does not make it another.
        if unwrap(type(self).compile) is not unwrap(Distiller.compile):
            super().compile_from_config(config)
        elif config and config.get("loss") is None:
            warnings.warn(
                "Keras does not write the student's loss into files, so the distiller is not "
                "compiled. Call `compile()` on it.",
                stacklevel=2,
            )
        else:
            self._compile_as(config)

    # One batch

    def call(  # type: ignore[override]
        self, inputs: Any, training: bool | None = None, **kwargs: Any
    ) -> Any:
        """Return what the student says.

        Args:
            inputs: The student's inputs.
            training: Whether the student runs in training mode.
            **kwargs: Further arguments of the student.
        """
        extractor = self._student_feature_extractor
        # What a user's class does around its layers would be missed.
        plain = type(self.student) in (Model, Sequential) and not kwargs
        if extractor is None or not plain or not self._memory.is_open:
            return self.student(inputs, training=training, **kwargs)
        return self._memory.keep(features(extractor, inputs, training=training))

    def train_step(self, data: Any) -> Mapping[str, Any]:
        """Train on one batch, and return the metrics.

        Args:
            data: The batch.
        """
        with self._memory.kept():
            return super().train_step(data)

    def test_step(self, data: Any) -> Mapping[str, Any]:
        """Evaluate one batch, and return the metrics.

        Args:
            data: The batch.
        """
        with self._memory.kept():
            return super().test_step(data)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the weighted sum of the student's loss and the distillation losses.

        Args:
            x: The inputs.
            y: The targets; without them only the teacher counts.
            y_pred: What the student says; it is asked if not given.
            sample_weight: Not counted, as in Keras, which is warned about.
            training: Whether the student runs in training mode.
        """
        if sample_weight is not None:
            warnings.warn(
                "A Distiller does not count `sample_weight` or `class_weight`; neither does "
                "Keras's. Override `compute_loss` to weight samples.",
                stacklevel=2,
            )
        if y_pred is None:
            y_pred = self(x, training=training)
        share, none = self.student_loss_weight, torch.zeros((), device=_device_of(y_pred))
        wants_student = share > 0.0 and y is not None
        student = self._student_loss_of(y, y_pred) if wants_student else none
        distilled = self._distilled(x, y_pred, training) if share < 1.0 else none
        total = share * student + (1.0 - share) * distilled
        with torch.no_grad():
            self.student_loss_tracker.update_state(student)
            self.distillation_loss_tracker.update_state(distilled)
            self.total_loss_tracker.update_state(total)
        return total

    def _student_loss_of(self, y: Any, y_pred: Any) -> Tensor:
        if self._student_loss is None:
            raise ValueError("The student has no loss. Call `compile(optimizer, loss)` first.")
        parts = tree.map_structure(lambda loss, a, b: loss(a, b), self._student_loss, y, y_pred)
        means: list[Tensor] = [value.mean() for value in tree.flatten(parts)]
        return sum(means[1:], means[0])

    def _distilled(self, x: Any, y_pred: Any, training: bool) -> Tensor:
        """Return the weighted sum of what is lost between teacher and student."""
        with torch.no_grad():
            taught = self._features_of("teacher", x, training=False)
        learnt = self._memory.of(y_pred)
        if learnt is None and self._student_feature_extractor is not None:
            learnt = self._features_of("student", x, training=training)
        learnt = {**(learnt or {}), FINAL: y_pred}
        values = [
            weight * _scalar(loss, _side(loss, "teacher", taught), _side(loss, "student", learnt))
            for loss, weight in zip(
                self.distillation_losses, self.distillation_loss_weights, strict=True
            )
        ]
        return sum(values[1:], values[0])

    def _features_of(self, role: str, x: Any, training: bool) -> dict[str, Any]:
        extractor = getattr(self, f"_{role}_feature_extractor")
        if extractor is None:
            return {FINAL: getattr(self, role)(x, training=training)}
        return features(extractor, x, training=training)

    # What torch and `fit` must reach besides the student

    def _build_on(self, x: Any) -> None:
        super()._build_on(x)
        if not self.teacher._is_built():
            self.teacher._build_on(x)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        extractors = (self._teacher_feature_extractor, self._student_feature_extractor)
        for extractor in filter(None, extractors):
            for name, constant in extractor._buffers.items():
                extractor._buffers[name] = None if constant is None else fn(constant)
        return self


def _listed(distillation_losses: Any) -> list[Any]:
    if distillation_losses is None:
        raise ValueError(
            "`distillation_losses` cannot be `None`. Give a distillation loss (such as "
            "`LogitsDistillation()` or `FeatureDistillation()`) or a list of them."
        )
    is_list = isinstance(distillation_losses, (list, tuple))
    found = list(distillation_losses) if is_list else [distillation_losses]
    wrong = [loss for loss in found if not hasattr(loss, "compute_loss")]
    if wrong or not found:
        raise ValueError(
            "`distillation_losses` must be a `DistillationLoss` or a list of at least one. "
            f"Received: distillation_losses={show(distillation_losses)}."
        )
    return found


def _weights(given: Any, count: int) -> list[float]:
    if given is None:
        return [1.0] * count
    weights = [given] if isinstance(given, (int, float)) else list(given)
    if len(weights) != count:
        raise ValueError(
            f"Number of `distillation_loss_weights` ({len(weights)}) must match number of "
            f"`distillation_losses` ({count}). Received: distillation_loss_weights={given!r}."
        )
    return weights


def _checked_weight(value: Any) -> float:
    if not isinstance(value, (int, float)) or not 0.0 <= value <= 1.0:
        raise ValueError(
            "`student_loss_weight` must be a number from 0.0 to 1.0. "
            f"Received: student_loss_weight={show(value)} (of type {type(value).__name__})."
        )
    return value


def _side(loss: Any, role: str, found: Mapping[str, Any]) -> Any:
    """Return what a distillation loss looks at in a model."""
    return found[getattr(loss, f"{role}_layer_name", None) or FINAL]


def _scalar(loss: Any, teacher: Any, student: Any) -> Any:
    """Return a distillation loss, which must be one number."""
    loss.validate_outputs(teacher, student)
    value = loss.compute_loss(teacher, student)
    if getattr(value, "shape", ()):
        raise ValueError(
            f"Distillation loss {type(loss).__name__} returned a non-scalar loss with shape "
            f"{tuple(value.shape)}. Its `compute_loss` must return one number."
        )
    return value


def _device_of(y_pred: Any) -> torch.device:
    return next(leaf.device for leaf in tree.flatten(y_pred) if isinstance(leaf, Tensor))
