"""Initializers that draw nothing: one value everywhere, or the identity matrix."""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor

from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._state.convert import tensor

from .initializer import Initializer


class Constant(Initializer):
    """The same value everywhere.

    Args:
        value: A number, or an array that broadcasts to the weight's shape.

    Example:
        >>> import torchkeras
        >>> torchkeras.initializers.Constant(3)((2,))
        tensor([3., 3.])
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        where, wanted = device.creation(), to_torch(dtype)
        if isinstance(self.value, (bool, int, float, complex)):
            return torch.full(tuple(shape), self.value, dtype=wanted, device=where)
        return tensor(self.value).to(where, wanted).expand(tuple(shape)).clone()

    def get_config(self) -> dict[str, Any]:
        return {"value": serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**{key: deserialize_keras_object(value) for key, value in config.items()})


class Zeros(Initializer):
    """Zeros.

    Example:
        >>> import torchkeras
        >>> torchkeras.initializers.Zeros()((2,))
        tensor([0., 0.])
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        return torch.zeros(tuple(shape), dtype=to_torch(dtype), device=device.creation())


class Ones(Initializer):
    """Ones.

    Example:
        >>> import torchkeras
        >>> torchkeras.initializers.Ones()((2,))
        tensor([1., 1.])
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        return torch.ones(tuple(shape), dtype=to_torch(dtype), device=device.creation())


class Identity(Initializer):
    """`gain` on the diagonal of a matrix, zeros elsewhere.

    Args:
        gain: The number on the diagonal.

    Raises:
        ValueError: When called with a shape that is no matrix's.

    Differs from Keras:
        A `gain` other than 1 is part of the config; Keras's config forgets it.

    Example:
        >>> import torchkeras
        >>> torchkeras.initializers.Identity(gain=2)((2, 2))
        tensor([[2., 0.],
                [0., 2.]])
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        if len(shape) != 2:
            raise ValueError(f"`shape` must have two sizes. Received: shape={tuple(shape)}.")
        rows, columns = shape
        eye = torch.eye(rows, columns, dtype=to_torch(dtype), device=device.creation())
        return eye if self.gain == 1 else self.gain * eye

    def get_config(self) -> dict[str, Any]:
        return {} if self.gain == 1 else {"gain": self.gain}
