"""Functions of two tensors that broadcast, element by element."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import NUMBERS, beside, counted, inexact, operands, pair, promoted, whole


@op
def add(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the sum, `x1 + x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.add([1, 2], 3).tolist()
        [4, 5]
    """
    first, second = operands(x1, x2)
    return torch.add(first, second)


@op
def subtract(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the difference, `x1 - x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.subtract([1, 2], 3).tolist()
        [-2, -1]
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

    Example:
        >>> from torchkeras import ops
        >>> ops.multiply([1, 2], 3).tolist()
        [3, 6]
    """
    first, second = operands(x1, x2)
    return torch.multiply(first, second)


@op
def divide(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the quotient, `x1 / x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.divide([1, 2], 4).tolist()
        [0.25, 0.5]
    """
    if type(x2) in NUMBERS and type(x1) not in NUMBERS:
        return torch.true_divide(tensor(x1), x2)
    if type(x1) not in (bool, int, float) or type(x2) in NUMBERS:
        return torch.true_divide(*pair(x1, x2))
    second = inexact(x2)
    return torch.true_divide(torch.tensor(x1, dtype=second.dtype, device="cpu"), second)


true_divide = divide


@op
def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the quotient, and 0 where `x2` is 0.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.divide_no_nan([1, 2], [0, 4]).tolist()
        [0.0, 0.5]
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

    Example:
        >>> from torchkeras import ops
        >>> ops.floor_divide([7, -7], 2).tolist()
        [3, -4]
    """
    return torch.floor_divide(*promoted(x1, x2))


@op
def mod(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the remainder, with the sign of `x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.mod([7, -7], 3).tolist()
        [1, 2]
    """
    first, second = pair(x1, x2)
    return torch.remainder(*_counted_pair(first, second))


@op
def fmod(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the remainder, with the sign of `x1`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.fmod([7, -7], 3).tolist()
        [1, -1]
    """
    first, second = pair(x1, x2)
    return torch.fmod(*_counted_pair(first, second))


@op
def power(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the power, `x1 ** x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.power([2, 3], 2).tolist()
        [4, 9]
    """
    first, second = operands(x1, x2)
    return torch.pow(first, second)


@op
def maximum(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the larger; NaN where either is.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.maximum([1, 5], 3).tolist()
        [3, 5]
    """
    return torch.maximum(*promoted(x1, x2))


@op
def minimum(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the smaller; NaN where either is.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.minimum([1, 5], 3).tolist()
        [1, 3]
    """
    return torch.minimum(*promoted(x1, x2))


@op
def fmax(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the larger; the number where the other is NaN.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.fmax([1.0, float("nan")], 0.5).tolist()
        [1.0, 0.5]
    """
    return torch.fmax(*promoted(x1, x2))


@op
def fmin(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the smaller; the number where the other is NaN.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.fmin([1.0, float("nan")], 0.5).tolist()
        [0.5, 0.5]
    """
    return torch.fmin(*promoted(x1, x2))


@op
def arctan2(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the angle of the point `(x2, x1)`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.arctan2([0.0], [1.0]).tolist()
        [0.0]
    """
    return torch.arctan2(*promoted(x1, x2, floats=True))


@op
def hypot(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the hypotenuse, `√(x1² + x2²)`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.hypot([3.0, 5.0], [4.0, 12.0]).tolist()
        [5.0, 13.0]
    """
    return torch.hypot(*promoted(x1, x2, floats=True))


@op
def logaddexp(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the logarithm of the sum of exponentials, `ln(eˣ¹ + eˣ²)`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.logaddexp([0.0], [float("-inf")]).tolist()
        [0.0]
    """
    return torch.logaddexp(*promoted(x1, x2, floats=True))


@op
def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the logarithm of the sum of powers of 2, `log₂(2ˣ¹ + 2ˣ²)`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.logaddexp2([3.0], [3.0]).tolist()
        [4.0]
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

    Example:
        >>> from torchkeras import ops
        >>> ops.ldexp([1.0, 3.0], [2, -1]).tolist()
        [4.0, 1.5]
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

    Example:
        >>> from torchkeras import ops
        >>> ops.nextafter([0.0], [0.0]).tolist()
        [0.0]
    """
    return torch.nextafter(*promoted(x1, x2, floats=True))


@op
def heaviside(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the step function: 0 below 0, 1 above, and `x2` at 0.

    Args:
        x1: A tensor or number.
        x2: The value at 0.

    Example:
        >>> from torchkeras import ops
        >>> ops.heaviside([-1.0, 0.0, 2.0], 0.5).tolist()
        [0.0, 0.5, 1.0]
    """
    first, second = promoted(x1, x2)
    if first.dtype is torch.bool:
        return torch.heaviside(first, second)
    return torch.heaviside(inexact(first), inexact(second))


def _unless_bool(x: Tensor, other: Tensor) -> Tensor:
    """Return a tensor in the other's dtype if it is boolean, which torch does not subtract."""
    return x.to(other.dtype) if x.dtype is torch.bool else x


def _counted_pair(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    both = first.dtype is torch.bool and second.dtype is torch.bool
    return (counted(first), counted(second)) if both else (first, second)
