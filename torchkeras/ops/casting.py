"""Casts that keep numbers within what a dtype can hold."""

import math
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def saturate_cast(x: Any, dtype: Any) -> Tensor:
    """Return `x` in another dtype, with the nearest number that it holds for those it does not.

    Args:
        x: A tensor.
        dtype: The dtype.

    Example:
        >>> from torchkeras import ops
        >>> ops.saturate_cast([-5.0, 3.7, 900.0], "uint8").tolist()
        [0, 3, 255]
    """
    value, wanted = tensor(x), to_torch(dtype)
    if value.dtype is torch.bool:
        return value.to(wanted)
    (least, most), (low, high) = _limits(value.dtype), _limits(wanted)
    low, high = max(low, least), min(high, most)
    if value.is_floating_point():
        low, high = (_held(end, value.dtype) for end in (low, high))
    return torch.clip(value, low, high).to(wanted)


def _limits(dtype: torch.dtype) -> tuple[float, float]:
    if dtype is torch.bool:
        return 0, 1
    held = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    return held.min, held.max


def _held(limit: float, dtype: torch.dtype) -> float:
    """Return the number nearest to a limit, on the side of 0, that a dtype of floats can hold."""
    digits = 1 - int(math.log2(torch.finfo(dtype).eps))
    sign, (mantissa, exponent) = math.copysign(1, limit), _parts(abs(limit), digits)
    return sign * math.ldexp(mantissa, exponent)


def _parts(limit: float, digits: int) -> tuple[int, int]:
    """Return the leading binary digits of a number, and the power of 2 that they count."""
    if isinstance(limit, int):
        spare = max(limit.bit_length() - digits, 0)
        return limit >> spare, spare
    mantissa, exponent = math.frexp(limit)
    return math.floor(math.ldexp(mantissa, digits)), exponent - digits
