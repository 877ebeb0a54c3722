"""`Reshape`: the same numbers in another shape."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from torch import Tensor

from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.layers.layer import Layer


class Reshape(Layer):
    """Give each sample another shape.

    Args:
        target_shape: The shape of a sample; one size may be -1, which is found from the others.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, ...)`.

    Output shape:
        `(batch, *target_shape)`.

    Raises:
        ValueError: If `target_shape` is no shape, or does not hold as many numbers as a sample.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.Reshape((-1, 2))(torch.ones(5, 6)).shape)
        (5, 3, 2)
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = _checked(target_shape)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        return inputs.reshape(inputs.shape[0], *self._resolved(inputs.shape[1:]))

    def compute_output_spec(self, inputs: Any) -> Any:
        sample = tuple(inputs.shape[1:])
        if None in sample:
            shape = tuple(None if size == -1 else size for size in self.target_shape)
        else:
            shape = self._resolved(sample)
        return KerasTensor((inputs.shape[0], *shape), inputs.dtype)

    def _resolved(self, sample: Sequence[int]) -> tuple[int, ...]:
        """Return the target shape with the size that -1 stands for."""
        held, wanted = math.prod(sample), math.prod([abs(n) for n in self.target_shape])
        free = -1 in self.target_shape
        if held != wanted and not (free and wanted and held % wanted == 0):
            raise ValueError(
                f"`target_shape` of layer {self.name!r} must hold as many numbers as a sample. "
                f"Received: target_shape={self.target_shape}, a sample of shape {tuple(sample)} "
                f"({held} numbers). Use -1 for a size that follows from the others."
            )
        return tuple(held // wanted if size == -1 else size for size in self.target_shape)


def _checked(target_shape: Any) -> tuple[int, ...]:
    given = target_shape.tolist() if hasattr(target_shape, "tolist") else target_shape
    shape = tuple(given) if isinstance(given, (tuple, list)) else (None,)
    whole = all(isinstance(size, Integral) and int(size) >= -1 for size in shape)
    if not whole or shape.count(-1) > 1:
        raise ValueError(
            "`target_shape` must be a tuple of sizes, one of which may be -1. "
            f"Received: target_shape={target_shape!r}."
        )
    return tuple(int(size) for size in shape)
