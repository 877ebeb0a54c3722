"""The options that all optimizers share, checked."""

import warnings
from collections.abc import Mapping
from typing import Any

from torchkeras._base.messages import did_you_mean

_CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
_SHARED = (
    "learning_rate weight_decay clipnorm clipvalue global_clipnorm use_ema ema_momentum "
    "ema_overwrite_frequency loss_scale_factor gradient_accumulation_steps name"
).split()


def check_options(optimizer: Any, unknown: Mapping[str, Any]) -> None:
    """Raise a `ValueError` for an option with a wrong value, a second clipping or a wrong name."""
    _check_names(unknown)
    _check_clips({name: getattr(optimizer, name) for name in _CLIPS})
    steps = optimizer.gradient_accumulation_steps
    if steps and (not isinstance(steps, int) or steps < 2):
        raise ValueError(
            "`gradient_accumulation_steps` must be an integer >= 2, or None. "
            f"Received: gradient_accumulation_steps={steps!r}."
        )
    if optimizer.use_ema:
        _check_average(optimizer.ema_momentum, optimizer.ema_overwrite_frequency)


def not_one_string(argument: str, value: Any) -> None:
    """Raise a `TypeError` for a string in place of a list, whose letters would be patterns."""
    if isinstance(value, str):
        raise TypeError(
            f"`{argument}` must be a list of strings. Received: {argument}={value!r}. "
            f"Pass `[{value!r}]`."
        )


def _check_names(unknown: Mapping[str, Any]) -> None:
    names = dict(unknown)
    if names.pop("decay", None) is not None:
        warnings.warn(
            "The argument `decay` of older Keras is ignored. Pass a schedule as `learning_rate`.",
            stacklevel=5,
        )
    if names:
        name = next(iter(names))
        hint = " Did you mean 'learning_rate'?" if name == "lr" else did_you_mean(name, _SHARED)
        raise ValueError(f"Argument(s) not recognized: {names}.{hint}")


def _check_clips(clips: Mapping[str, Any]) -> None:
    if sum(clip is not None for clip in clips.values()) > 1:
        given = ", ".join(f"{name}={clip}" for name, clip in clips.items())
        raise ValueError(
            "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. "
            f"Received: {given}."
        )


def _check_average(momentum: float, frequency: Any) -> None:
    if not 0 <= momentum <= 1:
        raise ValueError(
            f"`ema_momentum` must be in the range [0, 1]. Received: ema_momentum={momentum!r}."
        )
    if frequency and (not isinstance(frequency, int) or frequency < 1):
        raise ValueError(
            "`ema_overwrite_frequency` must be an integer >= 1 or None. "
            f"Received: ema_overwrite_frequency={frequency!r}."
        )
