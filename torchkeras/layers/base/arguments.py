"""Checks of the arguments that convolutions, poolings and reshaping layers share."""

from numbers import Integral, Real
from typing import Any

from torchkeras._base.messages import one_of


def sizes(argument: str, value: Any, count: int, lowest: int = 1) -> tuple[int, ...]:
    """Return `count` whole numbers for one number or a sequence of `count`.

    Raises:
        ValueError: If `value` is neither, or a number lies below `lowest`.
    """
    given = value.tolist() if hasattr(value, "tolist") else value
    numbers = tuple(given) if isinstance(given, (tuple, list)) else (given,) * count
    if len(numbers) != count or not all(_is_whole(n) and n >= lowest for n in numbers):
        kind = "positive integer" if lowest == 1 else f"integer of at least {lowest}"
        plural = kind.replace("integer", "integers")
        several = f", or a tuple of {count} {plural}" if count > 1 else ""
        raise ValueError(
            f"`{argument}` must be one {kind}{several}. Received: {argument}={value!r}."
        )
    return tuple(int(n) for n in numbers)


def padding_mode(value: Any, *, causal: bool = False) -> str:
    """Return `"valid"`, `"same"` or, where it is allowed, `"causal"`, in lower case."""
    allowed = ("valid", "same", "causal") if causal else ("valid", "same")
    return str(one_of("padding", value.lower() if isinstance(value, str) else value, allowed))


def count(argument: str, value: Any) -> int:
    """Return `value` if it is a positive integer.

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is not positive.
    """
    if not _is_whole(value):
        raise TypeError(
            f"`{argument}` must be a positive integer. Received: {argument}={value!r} "
            f"(of type {type(value).__name__})."
        )
    return sizes(argument, value, 1)[0]


def number(argument: str, value: Any, lowest: float, highest: float = float("inf")) -> Any:
    """Return `value` if it is a number between the bounds.

    Raises:
        ValueError: If it is not.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not lowest <= value <= highest:
        above = "" if lowest == float("-inf") else f", at least {lowest}"
        bounds = above if highest == float("inf") else f", from {lowest} to {highest}"
        raise ValueError(f"`{argument}` must be a number{bounds}. Received: {argument}={value!r}.")
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def refuse_unavailable(**arguments: Any) -> None:
    """Raise a `NotImplementedError` if an argument that only Keras has yet is given."""
    for name, value in arguments.items():
        if value is not None:
            raise NotImplementedError(
                f"`{name}` is not available in torchkeras yet; only None. "
                f"Received: {name}={value!r}. Leave it out."
            )
