"""`RMSNormalization`: each sample to a root mean square of 1."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchkeras._state.slot import Slot
from torchkeras.layers.base.weights import known_size
from torchkeras.layers.layer import Layer

from .statistics import axes_of, check_axis


class RMSNormalization(Layer):
    """Normalize each sample: `scale · inputs / √(mean(inputs²) + epsilon)`.

    Under a mixed dtype policy it computes in float32.

    Args:
        axis: The axis, or axes, over which the mean is taken.
        epsilon: Keeps the division finite.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Variables:
        scale: The input's sizes along `axis`; torch keeps it as `norm.weight`.

    Raises:
        TypeError: If `axis` is neither an integer nor a list of integers.
        ValueError: If an axis is not one of the input's.

    Differs from Keras:
        Any axes are possible; Keras scales along the last ones whatever `axis` says. Whole numbers
        are normalized to floats; Keras cuts the results off to whole numbers.

    Source:
        Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.RMSNormalization()(torch.tensor([[1.0, 7.0]])).detach()
        tensor([[0.2000, 1.4000]])
    """

    computes_in_floats = True
    keeps_variable_dtype = True
    scale_initializer = "ones"
    # The axes, and the places at the end that they are moved to for torch's kernel.
    _moved: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    def __init__(
        self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = axes_of(axis)
        self.epsilon = epsilon

    def variable_slots(self) -> dict[str, Slot]:
        return {"scale": Slot("norm.weight")}

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        self.axis = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        for axis in self.axis:
            check_axis(axis, input_shape, self.name)
        sizes = [known_size(input_shape, axis, self) for axis in self.axis]
        self.norm = self.stock(nn.RMSNorm, sizes, eps=self.epsilon)
        axes, last = tuple(a % rank for a in self.axis), tuple(range(rank - len(sizes), rank))
        object.__setattr__(self, "_moved", None if axes == last else (axes, last))

    def call(self, x: Tensor) -> Tensor:
        half = x.dtype in (torch.float16, torch.bfloat16)
        inputs = x.float() if half else x
        if self._moved is None:
            return self._normalized(inputs).to(self.torch_dtype)
        axes, last = self._moved
        y = self._normalized(inputs.movedim(axes, last)).movedim(last, axes)
        return y.to(self.torch_dtype)

    def _normalized(self, x: Tensor) -> Tensor:
        norm: Any = self._modules["norm"]
        if norm.weight.dtype is x.dtype:
            return norm(x)
        return F.rms_norm(x, norm.normalized_shape, norm.weight.to(x.dtype), self.epsilon)
