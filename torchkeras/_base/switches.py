"""Switches of the whole process: what is logged where, what errors show, which kernels may run."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class _Switches:
    interactive_logging: bool = True
    traceback_filtering: bool = True
    flash_attention: bool = True
    safe_mode: bool = True


_SWITCHES = _Switches()
_SAFE: ContextVar[bool] = ContextVar("torchkeras_safe_mode", default=True)


def enable_interactive_logging() -> None:
    """Write progress and messages to standard output."""
    _SWITCHES.interactive_logging = True


def disable_interactive_logging() -> None:
    """Send progress and messages to the logger `torchkeras` of Python's `logging`, as `INFO`.

    Differs from Keras:
        Keras sends them to the logger of the package absl.
    """
    _SWITCHES.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Say whether progress and messages go to standard output."""
    return _SWITCHES.interactive_logging


def enable_traceback_filtering() -> None:
    """Leave the inside of torchkeras out of the tracebacks of `fit`, `evaluate` and `predict`."""
    _SWITCHES.traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Show the inside of torchkeras in the tracebacks of `fit`, `evaluate` and `predict`."""
    _SWITCHES.traceback_filtering = False


def is_traceback_filtering_enabled() -> bool:
    """Say whether tracebacks leave the inside of torchkeras out."""
    return _SWITCHES.traceback_filtering


def enable_flash_attention() -> None:
    """Let attention run on torch's flash kernel where it can."""
    _SWITCHES.flash_attention = True


def disable_flash_attention() -> None:
    """Keep attention from torch's flash kernel, unless a layer insists on it.

    Differs from Keras:
        On torch, Keras lets torch choose the flash kernel all the same.
    """
    _SWITCHES.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """Return `False` if flash attention is disabled, and `None` if torch may choose it."""
    return None if _SWITCHES.flash_attention else False


def enable_unsafe_deserialization() -> None:
    """Let configs and files do what `safe_mode=False` allows, without saying so in each call."""
    _SWITCHES.safe_mode = False


def in_safe_mode(safe_mode: bool | None = None) -> bool:
    """Say whether code in configs is refused; only a caller who says `False` allows it.

    Args:
        safe_mode: What the call was given; `None` if it was not asked.
    """
    return _SWITCHES.safe_mode and _SAFE.get() and safe_mode is not False


@contextmanager
def safe_mode_scope(safe_mode: bool | None) -> Iterator[bool]:
    """Make the mode of a call that of the calls inside, and return it.

    Args:
        safe_mode: What the call was given.
    """
    token = _SAFE.set(in_safe_mode(safe_mode))
    try:
        yield _SAFE.get()
    finally:
        _SAFE.reset(token)


def reset_switches() -> None:
    """Set all switches as they are at the beginning."""
    vars(_SWITCHES).update(vars(_Switches()))
