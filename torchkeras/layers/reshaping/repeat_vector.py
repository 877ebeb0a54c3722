"""`RepeatVector`: a vector at every step of a sequence."""

from typing import Any

from torch import Tensor

from torchkeras.layers.base.arguments import count
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer


class RepeatVector(Layer):
    """Repeat each sample `n` times along a new second axis.

    Args:
        n: How many times.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, features)`.

    Output shape:
        `(batch, n, features)`.

    Raises:
        TypeError: If `n` is no integer.
        ValueError: If `n` is not positive.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.RepeatVector(3)(torch.ones(5, 4)).shape)
        (5, 3, 4)
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = count("n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Tensor) -> Tensor:
        return inputs.unsqueeze(1).repeat(1, self.n, 1)
