"""Functions of two tensors that broadcast, element by element."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._symbolic.op import op

from .operands import beside, counted, inexact, operands, pair, promoted, whole


@op
def add(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the sum, `x1 + x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = operands(x1, x2)
    return torch.add(first, second)


@op
def subtract(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the difference, `x1 - x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = operands(x1, x2)
    if not isinstance(second, Tensor):
        return torch.subtract(first, second)
    return torch.subtract(_unless_bool(first, second), _unless_bool(second, first))


@op
def multiply(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the product, `x1 * x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = operands(x1, x2)
    return torch.multiply(first, second)


@op
def divide(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the quotient, `x1 / x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = operands(x1, x2)
    return torch.true_divide(first, second)


true_divide = divide


@op
def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the quotient, and 0 where `x2` is 0.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = promoted(x1, x2, floats=True)
    zero = second == 0
    quotient = first / torch.where(zero, torch.ones_like(second), second)
    return torch.where(zero, torch.zeros_like(quotient), quotient)


@op
def floor_divide(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the quotient rounded down.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.floor_divide(*promoted(x1, x2))


@op
def mod(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the remainder, with the sign of `x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = pair(x1, x2)
    return torch.remainder(*_counted_pair(first, second))


@op
def fmod(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the remainder, with the sign of `x1`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = pair(x1, x2)
    return torch.fmod(*_counted_pair(first, second))


@op
def power(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the power, `x1 ** x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = operands(x1, x2)
    return torch.pow(first, second)


@op
def maximum(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the larger; NaN where either is.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.maximum(*promoted(x1, x2))


@op
def minimum(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the smaller; NaN where either is.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.minimum(*promoted(x1, x2))


@op
def fmax(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the larger; the number where the other is NaN.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.fmax(*promoted(x1, x2))


@op
def fmin(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the smaller; the number where the other is NaN.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.fmin(*promoted(x1, x2))


@op
def arctan2(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the angle of the point `(x2, x1)`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.arctan2(*promoted(x1, x2, floats=True))


@op
def hypot(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the hypotenuse, `√(x1² + x2²)`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.hypot(*promoted(x1, x2, floats=True))


@op
def logaddexp(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the logarithm of the sum of exponentials, `ln(eˣ¹ + eˣ²)`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.logaddexp(*promoted(x1, x2, floats=True))


@op
def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the logarithm of the sum of powers of 2, `log₂(2ˣ¹ + 2ˣ²)`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.logaddexp2(*promoted(x1, x2, floats=True))


@op
def ldexp(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, `x1 * 2ˣ²`.

    Args:
        x1: A tensor or number.
        x2: A tensor of whole numbers.

    Raises:
        TypeError: If the exponents are not whole numbers.
    """
    value = inexact(x1)
    exponent = beside(x2, value)
    if exponent.dtype is torch.bool:
        raise TypeError(f"`x2` must hold whole numbers. Received: x2={show(exponent)}.")
    return torch.ldexp(value, whole("x2", exponent)).to(value.dtype)


@op
def nextafter(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the next number of the dtype after `x1` on the way to `x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.nextafter(*promoted(x1, x2, floats=True))


@op
def heaviside(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the step function: 0 below 0, 1 above, and `x2` at 0.

    Args:
        x1: A tensor or number.
        x2: The value at 0.
    """
    first, second = promoted(x1, x2)
    if first.dtype is torch.bool:
        return torch.heaviside(first, second)
    return torch.heaviside(inexact(first), inexact(second))


@op
def gcd(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the greatest common divisor.

    Args:
        x1: A tensor of whole numbers.
        x2: A tensor of whole numbers.
    """
    return torch.gcd(*_whole_pair(x1, x2))


@op
def lcm(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the least common multiple.

    Args:
        x1: A tensor of whole numbers.
        x2: A tensor of whole numbers.
    """
    return torch.lcm(*_whole_pair(x1, x2))


def _unless_bool(x: Tensor, other: Tensor) -> Tensor:
    """Return a tensor in the other's dtype if it is boolean, which torch does not subtract."""
    return x.to(other.dtype) if x.dtype is torch.bool else x


def _counted_pair(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    both = first.dtype is torch.bool and second.dtype is torch.bool
    return (counted(first), counted(second)) if both else (first, second)


def _whole_pair(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    first, second = pair(x1, x2)
    return _counted_pair(whole("x1", first), whole("x2", second))
