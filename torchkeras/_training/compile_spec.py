"""What a model was compiled with, and what follows from it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torchkeras import optimizers
from torchkeras._base.messages import positive_int
from torchkeras._base.serialization import serialize_keras_object

from .compiled_loss import CompiledLoss
from .compiled_metrics import CompiledMetrics
from .tracker import LossTracker

Function = Callable[..., Any]


@dataclass
class Functions:
    """The functions that run batches, made when they are first needed and never copied."""

    train: Function | None = None
    test: Function | None = None
    predict: Function | None = None
    trained: list[Any] | None = None

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
        found: All metrics of the model, and the state in which it was searched for them.
    """

    loss: CompiledLoss | None = None
    metrics: CompiledMetrics | None = None
    tracker: LossTracker | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    functions: Functions = field(default_factory=Functions)
    found: tuple[Any, list[Any]] | None = None
    has_met_data: bool = False

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
        """Return the arguments of `compile` as plain values."""
        return {key: serialize_keras_object(value) for key, value in self.arguments.items()}


def optimizer_of(given: Any, policy: Any, auto_scale_loss: bool) -> Any:
    """Return the optimizer that was given or named, wrapped if float16 needs its loss scaled."""
    optimizer = optimizers.get(given)
    wrapper = getattr(optimizers, "LossScaleOptimizer", None)
    if not auto_scale_loss or optimizer is None or wrapper is None:
        return optimizer
    if getattr(policy, "name", None) != "mixed_float16" or isinstance(optimizer, wrapper):
        return optimizer
    return wrapper(optimizer, name="loss_scale_optimizer")


def checked_jit(jit_compile: Any, run_eagerly: bool) -> bool:
    """Return whether steps are compiled; `"auto"` runs them eagerly."""
    if jit_compile not in (True, False, None, "auto"):
        raise ValueError(
            f"`jit_compile` must be True, False or 'auto'. Received: jit_compile={jit_compile!r}."
        )
    wanted = jit_compile is True
    if wanted and run_eagerly:
        warnings.warn(
            "If `run_eagerly` is True, then `jit_compile` cannot also be True. Disabling "
            "`jit_compile`.",
            stacklevel=4,
        )
        return False
    return wanted


def checked_steps(steps_per_execution: Any) -> int:
    """Return the number of batches between two calls of the callbacks."""
    return positive_int("steps_per_execution", steps_per_execution)
