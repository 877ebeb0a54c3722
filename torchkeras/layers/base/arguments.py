"""Checks of the arguments that convolutions, poolings and reshaping layers share."""

from numbers import Real
from typing import Any

from torchkeras._base.geometry import is_whole
from torchkeras._base.geometry import padding_mode as padding_mode
from torchkeras._base.geometry import sizes as sizes


def count(argument: str, value: Any) -> int:
    """Return `value` if it is a positive integer.

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is not positive.
    """
    if not is_whole(value):
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


def refuse_unavailable(**arguments: Any) -> None:
    """Raise a `NotImplementedError` if an argument that only Keras has yet is given."""
    for name, value in arguments.items():
        if value is not None:
            raise NotImplementedError(
                f"`{name}` is not available in torchkeras yet; only None. "
                f"Received: {name}={value!r}. Leave it out."
            )
