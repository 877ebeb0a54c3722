"""Optimizers by name or config."""

from collections.abc import Mapping
from typing import Any

import torch

from torchkeras._base.messages import did_you_mean, show
from torchkeras._base.registry import get_registered_object
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .adadelta import Adadelta
from .adafactor import Adafactor
from .adagrad import Adagrad
from .adam import Adam
from .adamax import Adamax
from .adamw import AdamW
from .ftrl import Ftrl
from .lamb import Lamb
from .lion import Lion
from .loss_scale_optimizer import LossScaleOptimizer
from .multi_optimizer import MultiOptimizer
from .muon import Muon
from .nadam import Nadam
from .optimizer import Optimizer
from .optimizer_map import OptimizerMap
from .rmsprop import RMSprop
from .schedule_free_adamw import ScheduleFreeAdamW
from .sgd import SGD

_CLASSES: tuple[type[Optimizer], ...] = (
    SGD, RMSprop, Adam, AdamW, Adadelta, Adafactor, Adagrad, Adamax, Ftrl, Lamb, Lion, Muon, Nadam,
    ScheduleFreeAdamW,
)  # fmt: skip
_OF_OTHERS = (LossScaleOptimizer, MultiOptimizer, OptimizerMap)
_LOWER_CASE = {optimizer.__name__.lower(): optimizer for optimizer in _CLASSES}
_TABLE: dict[str, Any] = {
    name: thing
    for thing in (*_CLASSES, *_OF_OTHERS)
    for name in (thing.__name__.lower(), thing.__name__)
}


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return the config of an optimizer, without its state.

    Args:
        optimizer: The optimizer.

    Example:
        >>> import torchkeras
        >>> torchkeras.optimizers.serialize(torchkeras.optimizers.SGD())["class_name"]
        'SGD'
    """
    config: dict[str, Any] = serialize_keras_object(optimizer)
    return config


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make an optimizer from its config.

    Args:
        config: What `serialize` returned, here or in Keras. Names of built-in optimizers may be
            in lower case.
        custom_objects: Classes by name, known besides the registered ones.

    Example:
        >>> import torchkeras
        >>> config = {"class_name": "adam", "config": {"beta_1": 0.8}}
        >>> torchkeras.optimizers.deserialize(config).beta_1
        0.8
    """
    name = str(config["class_name"])
    if get_registered_object(name, custom_objects, _TABLE) is None and name.lower() in _TABLE:
        config = {**config, "class_name": name.lower()}
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)


def get(identifier: Any) -> Any:
    """Return the optimizer that a name, config or optimizer stands for.

    Args:
        identifier: `None`, which stays `None`; a name such as `"adam"`, in any case; a config; or
            an optimizer.

    Raises:
        ValueError: If it stands for no optimizer.

    Example:
        >>> import torchkeras
        >>> torchkeras.optimizers.get("sgd").name.startswith("sgd")
        True
    """
    found = identifier
    if isinstance(identifier, str):
        known = identifier.lower() in _TABLE or get_registered_object(identifier) is not None
        found = deserialize({"class_name": identifier, "config": {}}) if known else None
    elif isinstance(identifier, Mapping):
        found = deserialize(identifier)
    if identifier is None or isinstance(found, Optimizer):
        return found
    raise ValueError(_refusal(identifier))


def _refusal(identifier: Any) -> str:
    hint, shown = "", show(identifier)
    if isinstance(identifier, str):
        hint = did_you_mean(identifier.lower(), _LOWER_CASE)
    elif isinstance(identifier, torch.optim.Optimizer):
        name = type(identifier).__name__
        hint = " It is an optimizer of torch: `compile` takes it, and so does `TorchOptimizer`."
        shown = f"torch.optim.{name}"
    elif isinstance(identifier, type) and issubclass(identifier, Optimizer):
        hint = f" It is a class; make an optimizer of it: `{identifier.__name__}()`."
    names = ", ".join(repr(name) for name in _LOWER_CASE)
    return (
        f"Could not interpret optimizer identifier: {shown}. It must be one of {names}, "
        f"a config or an optimizer.{hint}"
    )
