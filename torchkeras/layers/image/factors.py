"""Checks of the arguments that image layers share: factors, ranges, fill modes."""

from numbers import Real
from typing import Any

from torch import Tensor

from torchkeras._base.messages import one_of

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")


def is_number(value: Any) -> bool:
    """Say whether a value is a real number, and no boolean."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _refuse(name: str, value: Any, bounds: str) -> ValueError:
    return ValueError(
        f"`{name}` must be a number or a pair of numbers {bounds}. Received: {name}={value!r}."
    )


def overlap(name: str, value: Any, lowest: float, highest: float) -> tuple[Any, Any]:
    """Return a factor as lower and upper bound; a pair only has to overlap the allowed range.

    Args:
        name: The argument's name.
        value: A number, which means from its negative (or `lowest`) to itself, or two numbers.
        lowest: The lowest allowed number.
        highest: The highest allowed number.

    Raises:
        ValueError: If it is something else or out of range.
    """
    bounds = f"in the range [{lowest}, {highest}]"
    if isinstance(value, (tuple, list)):
        if len(value) != 2 or not all(map(is_number, value)):
            raise _refuse(name, value, bounds)
        if value[0] > highest or value[1] < lowest:
            raise _refuse(name, value, bounds)
        lower, upper = sorted(value)
        return lower, upper
    if not is_number(value) or not lowest <= value <= highest:
        raise _refuse(name, value, bounds)
    return max(-abs(value), lowest), abs(value)


def within(
    name: str, value: Any, lowest: float, highest: float, *, open_below: bool = False
) -> tuple[Any, Any]:
    """Return a factor as lower and upper bound, both inside of the allowed range.

    Args:
        name: The argument's name.
        value: A number, which means from its negative to itself, or two numbers.
        lowest: The lowest allowed number.
        highest: The highest allowed number.
        open_below: Whether `lowest` itself is too low.

    Raises:
        ValueError: If it is something else or out of range.
    """
    bounds = f"in the range {'(' if open_below else '['}{lowest}, {highest}]"
    pair = isinstance(value, (tuple, list))
    numbers = value if pair else (value,)
    if (pair and len(value) != 2) or not all(map(is_number, numbers)):
        raise _refuse(name, value, bounds)
    for number in numbers:
        if not lowest <= number <= highest or (open_below and number == lowest):
            raise _refuse(name, value, bounds)
    lower, upper = sorted(value) if pair else (-abs(value), abs(value))
    return lower, upper


def value_range(value: Any) -> list[Any]:
    """Return the lowest and the highest value of images.

    Raises:
        ValueError: If it is not two numbers.
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2 or not all(map(is_number, value)):
        raise ValueError(
            f"`value_range` must be a list of two numbers. Received: value_range={value!r}."
        )
    return sorted(value)


def known(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return a name that is one of the allowed ones.

    Raises:
        NotImplementedError: If it is not, as in Keras.
    """
    try:
        return str(one_of(name, value, allowed))
    except ValueError as error:
        raise NotImplementedError(str(error)) from None


def value_range_kept(value: Any) -> Any:
    """Return the lowest and the highest value of images as they were given.

    Raises:
        ValueError: If it is not two numbers.
    """
    value_range(value)
    return value


def rescaled(images: Tensor, source: Any, target: Any, *, is_own: bool = False) -> Tensor:
    """Return images of one value range in another.

    Args:
        images: The images.
        source: Their lowest and highest value.
        target: The ones wanted.
        is_own: Whether the images may be overwritten.
    """
    if tuple(source) == tuple(target):
        return images
    x = images if is_own else images.clone()
    for does_something, change, number in (
        (source[0] != 0, x.sub_, source[0]),
        (source[1] - source[0] != 1, x.div_, source[1] - source[0]),
        (target[1] - target[0] != 1, x.mul_, target[1] - target[0]),
        (target[0] != 0, x.add_, target[0]),
    ):
        if does_something:
            change(number)
    return x
