"""What functions take beside tensors, as tensors, and the dtypes of two that meet.

Python's numbers have no width: they take the dtype of the other side, or become int32 or
`floatx()`. They stay on the CPU, as torch lets a single number meet tensors of any device there.
"""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._state.convert import tensor

NUMBERS = (bool, int, float, complex)
_INT32 = torch.iinfo(torch.int32)


def inexact(x: Any) -> Tensor:
    """Return a tensor of floats (or complex numbers); whole numbers become `floatx()`."""
    value = tensor(x)
    exact = not (value.is_floating_point() or value.is_complex())
    return value.to(to_torch(None)) if exact else value


def counted(x: Any) -> Tensor:
    """Return a tensor in which booleans are the numbers 0 and 1."""
    value = tensor(x)
    return value.to(torch.int32) if value.dtype is torch.bool else value


def whole(name: str, x: Any) -> Tensor:
    """Return a tensor of whole numbers, or say that the argument `name` holds others."""
    value = tensor(x)
    if value.is_floating_point() or value.is_complex():
        raise TypeError(
            f"`{name}` must hold whole numbers. Received: {name}={show(value)}. Cast it with "
            "`ops.cast` first."
        )
    return value


def operands(x1: Any, x2: Any) -> tuple[Tensor, Any]:
    """Return two operands for torch's own promotion; a number stays one where that is the same.

    Args:
        x1: A tensor, array or number.
        x2: A tensor, array or number.
    """
    if isinstance(x1, Tensor) and isinstance(x2, Tensor):
        return x1, x2
    if type(x1) in NUMBERS and type(x2) not in NUMBERS:
        second = tensor(x2)
        return beside(x1, second), second
    first = tensor(x1)
    if type(x2) in (int, float) and first.is_floating_point() and first.dim():
        return first, x2
    return first, beside(x2, first)


def pair(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Return two operands as tensors, for torch's own promotion."""
    if isinstance(x1, Tensor) and isinstance(x2, Tensor):
        return x1, x2
    if type(x1) in NUMBERS and type(x2) not in NUMBERS:
        second = tensor(x2)
        return beside(x1, second), second
    first = tensor(x1)
    return first, beside(x2, first)


def promoted(x1: Any, x2: Any, floats: bool = False) -> tuple[Tensor, Tensor]:
    """Return two tensors of the dtype that Keras gives to both, whatever their ranks.

    Args:
        x1: A tensor, array or number.
        x2: A tensor, array or number.
        floats: Whether whole numbers become floats.
    """
    first, second = pair(x1, x2)
    if first.dtype is second.dtype and (not floats or first.is_floating_point()):
        return first, second
    wanted = torch.promote_types(_weak(x1, first, second), _weak(x2, second, first))
    if floats and not (wanted.is_floating_point or wanted.is_complex):
        wanted = to_torch(None)
    return first.to(wanted), second.to(wanted)


def alike(*xs: Any) -> list[Tensor]:
    """Return tensors of the dtype that Keras gives to all of them."""
    values = [tensor(x) for x in xs]
    wanted = values[0].dtype
    for value in values[1:]:
        wanted = torch.promote_types(wanted, value.dtype)
    return [value.to(wanted) for value in values]


def beside(x: Any, like: Tensor) -> Tensor:
    """Return `x` as a tensor that can meet `like`: numbers on the CPU, the rest on its device."""
    if isinstance(x, Tensor):
        return x
    if type(x) in NUMBERS:
        return torch.scalar_tensor(x, dtype=_dtype_of(x), device="cpu")
    if isinstance(x, (list, tuple)) and x and all(type(n) in NUMBERS for n in x):
        return torch.tensor(x, dtype=_dtype_of(*x), device=like.device)
    made = tensor(x)
    return made.to(like.device) if isinstance(made, Tensor) else made


def _dtype_of(*numbers: Any) -> torch.dtype:
    """Return the dtype that Keras gives to Python's numbers."""
    kinds = {type(number) for number in numbers}
    if complex in kinds or float in kinds:
        return torch.complex64 if complex in kinds else to_torch(None)
    if int in kinds:
        fits = all(_INT32.min <= number <= _INT32.max for number in numbers)
        return torch.int32 if fits else torch.int64
    return torch.bool


def _weak(x: Any, made: Tensor, other: Tensor) -> torch.dtype:
    """Return the dtype with which an operand counts: a Python number takes the other's."""
    if type(x) is int and other.dtype is not torch.bool:
        return other.dtype
    if type(x) is float and (other.is_floating_point() or other.is_complex()):
        return other.dtype
    return made.dtype


def dims(x: Tensor, axis: Any) -> tuple[int, ...]:
    """Return axes as a tuple of numbers from 0; all of them for `None`.

    Args:
        x: The tensor.
        axis: One axis, several, or `None`.

    Raises:
        ValueError: If there is no such axis.
    """
    rank = x.dim()
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if hasattr(axis, "__index__") else tuple(axis)
    return tuple(dim(a, rank) for a in axes)


def dim(axis: Any, rank: int, name: str = "axis") -> int:
    """Return one axis as a number from 0, or say that there is none such."""
    place = axis.__index__()
    if not -rank <= place < rank and (rank or place not in (0, -1)):
        raise ValueError(
            f"`{name}` must be from {-rank} to {rank - 1} for a tensor of {rank} dimensions. "
            f"Received: {name}={axis}."
        )
    return int(place % rank) if rank else 0
