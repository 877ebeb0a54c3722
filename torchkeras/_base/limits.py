"""Limits on how long runs may take, for trying a script out."""

import os
from dataclasses import dataclass, field

_EPOCHS, _STEPS = "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"


@dataclass
class _Limits:
    given: dict[str, int | None] = field(default_factory=dict)


_LIMITS = _Limits()


def max_epochs() -> int | None:
    """Return the largest number of epochs that `fit` may train for; `None` without a limit.

    It is what `set_max_epochs` was given, else the environment variable `KERAS_MAX_EPOCHS`.
    """
    return _limit(_EPOCHS)


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit the epochs of every `fit`, to try a long script out quickly.

    Args:
        max_epochs: The largest number of epochs; `None` for no limit.

    Example:
        >>> import torchkeras
        >>> torchkeras.config.set_max_epochs(2)
        >>> torchkeras.config.max_epochs()
        2
        >>> torchkeras.config.set_max_epochs(None)
    """
    _LIMITS.given[_EPOCHS] = _checked("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """Return the largest number of batches of a pass over the data; `None` without a limit.

    It is what `set_max_steps_per_epoch` was given, else the environment variable
    `KERAS_MAX_STEPS_PER_EPOCH`.
    """
    return _limit(_STEPS)


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit the batches of an epoch of every `fit`, and of every `evaluate` and `predict`.

    Args:
        max_steps_per_epoch: The largest number of batches; `None` for no limit.

    Example:
        >>> import torchkeras
        >>> torchkeras.config.set_max_steps_per_epoch(10)
        >>> torchkeras.config.max_steps_per_epoch()
        10
        >>> torchkeras.config.set_max_steps_per_epoch(None)
    """
    _LIMITS.given[_STEPS] = _checked("max_steps_per_epoch", max_steps_per_epoch)


def _limit(variable: str) -> int | None:
    if variable in _LIMITS.given:
        return _LIMITS.given[variable]
    text = os.environ.get(variable)
    if not text:
        return None
    if not text.strip().isdecimal():
        raise ValueError(
            f"The environment variable {variable} must hold a whole number. Received: {text!r}."
        )
    return int(text)


def _checked(argument: str, value: int | None) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 0:
        raise ValueError(
            f"`{argument}` must be a whole number or None. Received: {argument}={value!r}."
        )
    return int(value)
