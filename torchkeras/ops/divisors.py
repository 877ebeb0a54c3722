"""Divisors and multiples of whole numbers."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._symbolic.op import op

from .operands import counted, pair, whole


@op
def gcd(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the greatest common divisor.

    Args:
        x1: A tensor of whole numbers.
        x2: A tensor of whole numbers.

    Example:
        >>> from torchkeras import ops
        >>> ops.gcd([12, 18], 8).tolist()
        [4, 2]
    """
    return torch.gcd(*_pair(x1, x2))


@op
def lcm(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, the least common multiple.

    Args:
        x1: A tensor of whole numbers.
        x2: A tensor of whole numbers.

    Example:
        >>> from torchkeras import ops
        >>> ops.lcm([4, 6], 10).tolist()
        [20, 30]
    """
    return torch.lcm(*_pair(x1, x2))


def _pair(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    first, second = pair(x1, x2)
    both = first.dtype is torch.bool and second.dtype is torch.bool
    first, second = (counted(first), counted(second)) if both else (first, second)
    return whole("x1", first), whole("x2", second)
