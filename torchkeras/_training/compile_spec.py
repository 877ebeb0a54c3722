"""What a model was compiled with, and what follows from it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torchkeras import losses, optimizers, tree
from torchkeras._base.messages import positive_int
from torchkeras._base.serialization import serialize_keras_object
from torchkeras.losses.torch_loss import takes_predictions_first
from torchkeras.optimizers.torch_source import is_torch_source

from .compiled_loss import CompiledLoss
from .compiled_metrics import CompiledMetrics
from .jit import Jit
from .tracker import LossTracker

Function = Callable[..., Any]


@dataclass
class Functions:
    """The functions that run batches, made when they are first needed and never copied."""

    train: Function | None = None
    test: Function | None = None
    predict: Function | None = None
    trained: list[Any] | None = None
    replicas: Any = None

    def __reduce__(self) -> Any:
        return (Functions, ())


@dataclass
class Compiled:
    """The state behind `compile`.

    It is a plain object, so that a model neither registers nor finds what is inside.

    Attributes:
        loss: The losses of all outputs.
        metrics: The metrics of all outputs.
        tracker: The mean of the whole loss.
        arguments: What `compile` was given, for `get_compile_config`.
        functions: The functions that run batches.
        has_met_data: Whether a run has begun since.
        jit: Whether the steps are compiled.
        found: All metrics of the model, and the state in which it was searched for them.
    """

    loss: CompiledLoss | None = None
    metrics: CompiledMetrics | None = None
    tracker: LossTracker | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    functions: Functions = field(default_factory=Functions)
    found: tuple[Any, list[Any]] | None = None
    has_met_data: bool = False
    jit: Jit = field(default_factory=Jit)

    @property
    def is_settled(self) -> bool:
        """Whether the first batch has shown what all names stand for."""
        parts = (self.loss, self.metrics)
        return all(part is None or part.built for part in parts)

    def own_metrics(self) -> list[Any]:
        """Return the loss's mean, the compiled metrics and the means of the outputs' losses."""
        found: list[Any] = [self.tracker, self.metrics]
        if self.loss is not None:
            found += self.loss.metrics
        return [metric for metric in found if metric is not None]

    def config(self) -> dict[str, Any]:
        """Return the arguments of `compile` as plain values, or nothing if some cannot be."""
        try:
            return {key: serialize_keras_object(value) for key, value in self.arguments.items()}
        except (TypeError, ValueError) as error:
            warnings.warn(
                "The model was compiled with something that a config cannot hold, so files and "
                "copies come without what `compile` was given: call `compile()` again on them. "
                f"Reason: {error}",
                stacklevel=4,
            )
            return {}


def optimizer_of(given: Any, policy: Any, auto_scale_loss: bool) -> Any:
    """Return the optimizer that was given or named, wrapped if float16 needs its loss scaled."""
    if is_torch_source(given):
        given = optimizers.TorchOptimizer(given)
    optimizer = optimizers.get(given)
    if not auto_scale_loss or optimizer is None:
        return optimizer
    is_scaled = isinstance(optimizer, optimizers.LossScaleOptimizer)
    if getattr(policy, "name", None) != "mixed_float16" or is_scaled:
        return optimizer
    return optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")


def bind_early(optimizer: Any, model: Any) -> None:
    """Build an optimizer of torch with a model that is built, so that what is wrong shows now."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    unbuilt = isinstance(inner, optimizers.TorchOptimizer) and not optimizer.built
    if unbuilt and model._is_built() and model.trainable_variables:
        optimizer.build(model.trainable_variables)


def end_epoch(optimizer: Any, results: Any) -> dict[str, float]:
    """Let a scheduler of torch step after an epoch; return what it adds to the results."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    end = getattr(inner, "end_epoch", None)
    return end(results) if callable(end) else {}


def with_torch_losses(loss: Any) -> Any:
    """Return losses with those of torch as losses of Keras."""

    def leaf(given: Any) -> Any:
        plain = isinstance(given, (str, losses.Loss)) or not takes_predictions_first(given)
        return given if plain else losses.TorchLoss(given)

    return tree.map_structure(leaf, loss)


def checked_flag(argument: str, value: Any) -> bool:
    """Return a flag: `True` or `False`; `None`, which old programs pass, means `False`."""
    if value not in (True, False, None):
        raise ValueError(f"`{argument}` must be True or False. Received: {argument}={value!r}.")
    return bool(value)


def checked_steps(steps_per_execution: Any) -> int:
    """Return the number of batches between two calls of the callbacks."""
    return positive_int("steps_per_execution", steps_per_execution)
