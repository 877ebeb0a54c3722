"""Schedules as configs and back."""

from collections.abc import Mapping
from typing import Any

from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .cosine_decay import CosineDecay
from .cosine_decay_restarts import CosineDecayRestarts
from .exponential_decay import ExponentialDecay
from .inverse_time_decay import InverseTimeDecay
from .learning_rate_schedule import LearningRateSchedule
from .piecewise_constant_decay import PiecewiseConstantDecay
from .polynomial_decay import PolynomialDecay

_TABLE: dict[str, type[LearningRateSchedule]] = {
    schedule.__name__: schedule
    for schedule in (
        CosineDecay,
        CosineDecayRestarts,
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
    )
}


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return the config of a schedule.

    Args:
        learning_rate_schedule: The schedule.

    Example:
        >>> import torchkeras
        >>> schedule = torchkeras.optimizers.schedules.CosineDecay(0.1, 10)
        >>> torchkeras.optimizers.schedules.serialize(schedule)["class_name"]
        'CosineDecay'
    """
    config: dict[str, Any] = serialize_keras_object(learning_rate_schedule)
    return config


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a schedule from its config.

    Args:
        config: What `serialize` returned, here or in Keras.
        custom_objects: Classes by name, known besides the registered ones.

    Example:
        >>> import torchkeras
        >>> config = {"class_name": "CosineDecay",
        ...           "config": {"initial_learning_rate": 0.1, "decay_steps": 10}}
        >>> torchkeras.optimizers.schedules.deserialize(config).decay_steps
        10
    """
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)
