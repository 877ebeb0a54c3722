"""Functions of the bits of whole numbers."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._symbolic.op import op

from .operands import pair, whole


@op
def bitwise_and(x: Any, y: Any) -> Tensor:
    """Return, element by element, the bits that both have.

    Args:
        x: A tensor of whole numbers or booleans.
        y: A tensor of whole numbers or booleans.

    Example:
        >>> from torchkeras import ops
        >>> ops.bitwise_and(6, 3).item()
        2
    """
    return torch.bitwise_and(*_pair(x, y))


@op
def bitwise_or(x: Any, y: Any) -> Tensor:
    """Return, element by element, the bits that either has.

    Args:
        x: A tensor of whole numbers or booleans.
        y: A tensor of whole numbers or booleans.

    Example:
        >>> from torchkeras import ops
        >>> ops.bitwise_or(6, 3).item()
        7
    """
    return torch.bitwise_or(*_pair(x, y))


@op
def bitwise_xor(x: Any, y: Any) -> Tensor:
    """Return, element by element, the bits that one has.

    Args:
        x: A tensor of whole numbers or booleans.
        y: A tensor of whole numbers or booleans.

    Example:
        >>> from torchkeras import ops
        >>> ops.bitwise_xor(6, 3).item()
        5
    """
    return torch.bitwise_xor(*_pair(x, y))


@op
def bitwise_invert(x: Any) -> Tensor:
    """Return, element by element, the bits that it has not.

    Args:
        x: A tensor of whole numbers or booleans.

    Example:
        >>> from torchkeras import ops
        >>> ops.bitwise_invert([0, 5]).tolist()
        [-1, -6]
    """
    return torch.bitwise_not(whole("x", x))


bitwise_not = bitwise_invert


@op
def bitwise_left_shift(x: Any, y: Any) -> Tensor:
    """Return, element by element, the bits moved up, `x * 2ʸ`.

    Args:
        x: A tensor of whole numbers.
        y: By how many places.

    Example:
        >>> from torchkeras import ops
        >>> ops.bitwise_left_shift([1, 3], 2).tolist()
        [4, 12]
    """
    return torch.bitwise_left_shift(*_pair(x, y))


left_shift = bitwise_left_shift


@op
def bitwise_right_shift(x: Any, y: Any) -> Tensor:
    """Return, element by element, the bits moved down, `x // 2ʸ`.

    Args:
        x: A tensor of whole numbers.
        y: By how many places.

    Example:
        >>> from torchkeras import ops
        >>> ops.bitwise_right_shift([4, 9], 2).tolist()
        [1, 2]
    """
    return torch.bitwise_right_shift(*_pair(x, y))


right_shift = bitwise_right_shift


def _pair(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    first, second = pair(x, y)
    return whole("x", first), whole("y", second)
