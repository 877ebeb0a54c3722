"""Rounding and limiting, element by element."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import NUMBERS, beside, counted, inexact


@op
def floor(x: Any) -> Tensor:
    """Return, element by element, the largest whole number that is not above.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.floor([-1.5, 1.5]).tolist()
        [-2.0, 1.0]
    """
    return torch.floor(inexact(x))


@op
def ceil(x: Any) -> Tensor:
    """Return, element by element, the smallest whole number that is not below.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.ceil([-1.5, 1.5]).tolist()
        [-1.0, 2.0]
    """
    return torch.ceil(inexact(x))


@op
def trunc(x: Any) -> Tensor:
    """Return, element by element, the whole part.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.trunc([-1.5, 1.5]).tolist()
        [-1.0, 1.0]
    """
    value = tensor(x)
    return value if value.dtype is torch.bool else torch.trunc(value)


@op
def round(x: Any, decimals: int = 0) -> Tensor:
    """Return, element by element, the nearest number with so many decimals; halves go to even.

    Args:
        x: A tensor.
        decimals: The number of decimals; below 0 for tens, hundreds and so on.

    Example:
        >>> from torchkeras import ops
        >>> ops.round([0.5, 1.5, 2.25], 1).tolist()
        [0.5, 1.5, 2.200000047683716]
    """
    value = tensor(x)
    if value.is_floating_point():
        return torch.round(value, decimals=decimals)
    if decimals >= 0 or value.dtype is torch.bool:
        return value
    return torch.round(value.to(to_torch(None)), decimals=decimals).to(value.dtype)


@op
def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """Return, element by element, the nearest number from `x_min` to `x_max`.

    Args:
        x: A tensor.
        x_min: The lower end, a number or tensor; `None` for none.
        x_max: The upper end, likewise.

    Example:
        >>> from torchkeras import ops
        >>> ops.clip([-2, 0, 9], -1, 5).tolist()
        [-1, 0, 5]
    """
    value = counted(x)
    plain = value.is_floating_point() and value.dim()
    if plain and all(end is None or type(end) in NUMBERS for end in (x_min, x_max)):
        return torch.clip(value, x_min, x_max)
    low, high = (None if end is None else beside(end, value) for end in (x_min, x_max))
    return torch.clip(value, low, high)


@op
def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    """Return a tensor with other values in place of those that are not finite.

    Args:
        x: A tensor.
        nan: What replaces NaN.
        posinf: What replaces infinity; the largest number of the dtype if not given.
        neginf: What replaces minus infinity; the smallest number if not given.

    Example:
        >>> from torchkeras import ops
        >>> ops.nan_to_num([1.0, float("nan")]).tolist()
        [1.0, 0.0]
    """
    return torch.nan_to_num(tensor(x), nan, posinf, neginf)
