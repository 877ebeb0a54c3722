"""Functions of two tensors that broadcast, element by element."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def add(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the sum, `x1 + x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.add(tensor(x1), _number(x2))


@op
def subtract(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the difference, `x1 - x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.subtract(tensor(x1), _number(x2))


@op
def multiply(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the product, `x1 * x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.multiply(tensor(x1), _number(x2))


@op
def divide(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the quotient, `x1 / x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.true_divide(tensor(x1), _number(x2))


@op
def true_divide(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the quotient, `x1 / x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.true_divide(tensor(x1), _number(x2))


@op
def floor_divide(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the quotient rounded down.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.floor_divide(tensor(x1), _number(x2))


@op
def mod(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the remainder, with the sign of `x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.remainder(tensor(x1), _number(x2))


@op
def power(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the power, `x1 ** x2`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.pow(tensor(x1), _number(x2))


@op
def maximum(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the larger.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = _pair(x1, x2)
    return torch.maximum(first, second)


@op
def minimum(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the smaller.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = _pair(x1, x2)
    return torch.minimum(first, second)


@op
def arctan2(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the angle of the point (x2, x1).

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = _pair(x1, x2)
    return torch.arctan2(first, second)


@op
def logical_and(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether both hold.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = _pair(x1, x2)
    return torch.logical_and(first, second)


@op
def logical_or(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether either holds.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = _pair(x1, x2)
    return torch.logical_or(first, second)


@op
def logical_xor(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether exactly one holds.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = _pair(x1, x2)
    return torch.logical_xor(first, second)


@op
def equal(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether they are equal.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.eq(tensor(x1), _number(x2))


@op
def not_equal(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether they differ.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.ne(tensor(x1), _number(x2))


@op
def greater(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether `x1` is greater.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.gt(tensor(x1), _number(x2))


@op
def greater_equal(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether `x1` is not less.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.ge(tensor(x1), _number(x2))


@op
def less(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether `x1` is less.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.lt(tensor(x1), _number(x2))


@op
def less_equal(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether `x1` is not greater.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    return torch.le(tensor(x1), _number(x2))


@op
def bitwise_and(x: Any, y: Any) -> Tensor:
    """Return, element by element, the bits that both have.

    Args:
        x: A tensor or number.
        y: A tensor or number.
    """
    first, second = _pair(x, y)
    return torch.bitwise_and(first, second)


@op
def bitwise_or(x: Any, y: Any) -> Tensor:
    """Return, element by element, the bits that either has.

    Args:
        x: A tensor or number.
        y: A tensor or number.
    """
    first, second = _pair(x, y)
    return torch.bitwise_or(first, second)


@op
def bitwise_xor(x: Any, y: Any) -> Tensor:
    """Return, element by element, the bits that one has.

    Args:
        x: A tensor or number.
        y: A tensor or number.
    """
    first, second = _pair(x, y)
    return torch.bitwise_xor(first, second)


@op
def logaddexp(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the logarithm of the sum of exponentials, `ln(eˣ¹ + eˣ²)`.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
    """
    first, second = _pair(x1, x2)
    if not (first.is_floating_point() or second.is_floating_point()):
        first = first.to(to_torch(None))
    wanted = torch.promote_types(first.dtype, second.dtype)
    return torch.logaddexp(first.to(wanted), second.to(wanted))


def _number(x: Any) -> Any:
    """Return a Python number as it is, and anything else as a tensor."""
    return x if isinstance(x, (bool, int, float, complex)) else tensor(x)


def _pair(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Return both as tensors; a Python number takes the other side's dtype."""
    first, second = _number(x1), _number(x2)
    if not isinstance(second, Tensor):
        first = tensor(first)
        return first, _alike(second, first)
    return (first if isinstance(first, Tensor) else _alike(first, second)), second


def _alike(number: Any, like: Tensor) -> Tensor:
    wanted = torch.result_type(like, number)
    return torch.as_tensor(number, dtype=wanted, device=like.device)
