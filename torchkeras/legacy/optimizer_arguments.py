"""The arguments of optimizers in older Keras: `lr`, `decay`, and an `epsilon` of `None`."""

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .notice import tell
from .patches import Patches

OPTIMIZERS = ("Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Nadam", "RMSprop", "SGD")
_OLD = {"lr", "decay", "epsilon", "schedule_decay"}


def apply(package: ModuleType, patches: Patches) -> None:
    """Let optimizers take their old arguments, and have their old attribute `lr`.

    Args:
        package: The module that `keras` is.
        patches: Where the changes are noted.
    """
    decayed = package.optimizers.schedules.InverseTimeDecay
    for name in OPTIMIZERS:
        optimizer = getattr(package.optimizers, name)
        patches.set(optimizer, "__init__", _understanding(optimizer.__init__, decayed))
    patches.add(package.optimizers.Optimizer, "lr", property(_rate, _set_rate))


def _understanding(init: Callable[..., None], decayed: Callable[..., Any]) -> Callable[..., None]:
    default = inspect.signature(init).parameters["learning_rate"].default

    @functools.wraps(init)
    def understanding(self: Any, *args: Any, **kwargs: Any) -> None:
        if _OLD.isdisjoint(kwargs):
            return init(self, *args, **kwargs)
        _rename_rate(args, kwargs)
        if "epsilon" in kwargs and kwargs["epsilon"] is None:
            del kwargs["epsilon"]
            tell("`epsilon=None`", "leave it out")
        if "schedule_decay" in kwargs:
            del kwargs["schedule_decay"]
            tell("The argument `schedule_decay`", "leave it out")
        if decay := _decay(kwargs):
            first = args[0] if args else kwargs.pop("learning_rate", default)
            args = (decayed(first, decay_steps=1, decay_rate=decay), *args[1:])
        return init(self, *args, **kwargs)

    return understanding


def _rename_rate(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if "lr" not in kwargs:
        return
    if args or "learning_rate" in kwargs:
        raise TypeError("Both `learning_rate` and `lr`, its old name, were passed.")
    kwargs["learning_rate"] = kwargs.pop("lr")
    tell("The argument `lr`", "write `learning_rate`", stacklevel=4)


def _decay(kwargs: dict[str, Any]) -> Any:
    """Take the decay of the rate with each update, `lr / (1 + decay * t)`, from the arguments."""
    if "decay" not in kwargs:
        return None
    decay = kwargs.pop("decay")
    schedule = "`learning_rate=keras.optimizers.schedules.InverseTimeDecay(lr, 1, decay)`"
    tell("The argument `decay`", f"write {schedule}" if decay else "leave it out", stacklevel=4)
    return decay


def _rate(optimizer: Any) -> Any:
    tell("The attribute `lr`", "use `learning_rate`")
    return optimizer.learning_rate


def _set_rate(optimizer: Any, rate: Any) -> None:
    tell("The attribute `lr`", "use `learning_rate`")
    optimizer.learning_rate = rate
