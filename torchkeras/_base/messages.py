"""Error messages that name the argument, show what came and say what is allowed."""

import difflib
from collections.abc import Iterable
from typing import Any

_LONGEST_REPR = 200


def show(value: Any) -> str:
    """Describe `value` in one phrase: tensors and arrays by shape and dtype, the rest by repr."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None and not isinstance(value, type):
        return f"{type(value).__name__}(shape={tuple(shape)}, dtype={dtype})"
    text = repr(value)
    return text if len(text) <= _LONGEST_REPR else f"{text[:_LONGEST_REPR]}..."


def did_you_mean(name: Any, allowed: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the closest allowed name, or an empty string."""
    close = difflib.get_close_matches(str(name), list(allowed), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def one_of(argument: str, value: Any, allowed: Iterable[Any]) -> Any:
    """Return `value` if it is allowed; otherwise raise a `ValueError` that lists what is."""
    allowed = list(allowed)
    if value in allowed:
        return value
    listed = ", ".join(repr(item) for item in allowed)
    hint = did_you_mean(value, [item for item in allowed if isinstance(item, str)])
    raise ValueError(f"`{argument}` must be one of {listed}. Received: {argument}={value!r}.{hint}")


def positive_int(argument: str, value: Any) -> int:
    """Return `value` as an int if it is a whole number above zero; else raise a `ValueError`."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() <= 0:
        raise ValueError(
            f"`{argument}` must be a positive integer. Received: {argument}={value!r} "
            f"(of type {type(value).__name__})."
        )
    return int(value.__index__())


def missing_extra(package: str, extra: str, purpose: str) -> ImportError:
    """Build the error for an optional package that is not installed."""
    return ImportError(
        f"{purpose} needs the package `{package}`, which is not installed. "
        f"Install it with `pip install keras-on-torch[{extra}]`."
    )
