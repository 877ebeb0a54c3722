"""What makes a variable work in torch functions, NumPy and Python's operators."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.dtypes import NAMES, to_torch
from torchkeras._base.promotion import result_type

from .arrays import from_numbers


class ActsAsTensor:
    """Something that stands for the tensor `value` wherever a tensor may be."""

    path: str

    @property
    def value(self) -> Tensor:
        """The tensor."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        raise NotImplementedError

    __array_priority__ = 1000  # so that `array * variable` comes here

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = {key: unwrap(value) for key, value in (kwargs or {}).items()}
        return func(*[unwrap(arg) for arg in args], **kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "np.ndarray[Any, Any]":
        array = host(self.value)
        return np.array(array, dtype=dtype) if copy else np.asarray(array, dtype=dtype)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.value)

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        return bool(self._one_number("bool").detach())

    def __float__(self) -> float:
        return float(self._one_number("float").detach())

    def __int__(self) -> int:
        return int(self._one_number("int").detach())

    def _one_number(self, wanted: str) -> Tensor:
        if self.shape:
            raise TypeError(
                f"Only a variable of shape () can be used as a Python {wanted}. Received: "
                f"{self.path!r} of shape {self.shape}. Take one of its numbers, or reduce it first."
            )
        return self.value

    def __index__(self) -> int:
        return self.value.__index__()

    def __round__(self, ndigits: int | None = None) -> Tensor:
        return torch.round(self.value, decimals=ndigits or 0)


def _operator(name: str) -> Callable[..., Tensor]:
    def apply(self: ActsAsTensor, *args: Any) -> Tensor:
        value, others = self.value, [_operand(arg, self.value) for arg in args]
        if name in _PROMOTING:
            value, *others = _promoted(value, *others)
        result: Tensor = getattr(value, name)(*others)
        return result

    apply.__name__ = name
    return apply


def _logical(function: Callable[..., Tensor], name: str) -> Callable[..., Tensor]:
    """Return an operator that asks of each number whether it is zero, as Keras's variables do."""

    def apply(self: ActsAsTensor, other: Any) -> Tensor:
        value, other = self.value, _operand(other, self.value)
        if not isinstance(other, Tensor) and not hasattr(other, "__torch_function__"):
            other = torch.as_tensor(other, device=value.device)
        return function(value, other)

    apply.__name__ = name
    return apply


def _promoted(value: Tensor, other: Any) -> tuple[Any, Any]:
    """Return two tensors in the dtype that Keras gives to what they make together."""
    if not isinstance(other, Tensor) or other.dtype is value.dtype or torch.compiler.is_compiling():
        return value, other
    dtype = to_torch(result_type(NAMES[value.dtype], NAMES[other.dtype]))
    return value.to(dtype), other.to(dtype)


_ARITHMETIC = "add sub mul truediv floordiv mod pow matmul".split()
_PROMOTING = {f"__{side}{name}__" for name in _ARITHMETIC for side in ("", "r")}

for _name in (
    "neg pos abs invert eq ne lt le gt ge add radd sub rsub mul rmul truediv rtruediv floordiv "
    "rfloordiv mod rmod pow rpow matmul rmatmul getitem"
).split():
    if hasattr(Tensor, f"__{_name}__"):
        setattr(ActsAsTensor, f"__{_name}__", _operator(f"__{_name}__"))

for _name, _function in (
    ("and", torch.logical_and),
    ("or", torch.logical_or),
    ("xor", torch.logical_xor),
):
    for _side in ("", "r"):
        setattr(ActsAsTensor, f"__{_side}{_name}__", _logical(_function, f"__{_side}{_name}__"))


def _operand(other: Any, like: Tensor) -> Any:
    """Return the other side of an operator; torch alone would leave arrays to NumPy."""
    if isinstance(other, np.ndarray):
        return from_numbers(other, like.device)
    return unwrap(other)


def unwrap(value: Any) -> Any:
    if isinstance(value, ActsAsTensor):
        return value.value
    if type(value) in (list, tuple):
        return type(value)(unwrap(item) for item in value)
    return value


def host(value: Tensor) -> "np.ndarray[Any, Any]":
    host = value.detach().as_subclass(Tensor).cpu()
    host = host.float() if host.dtype == torch.bfloat16 else host
    array: np.ndarray[Any, Any] = host.numpy()
    return array
