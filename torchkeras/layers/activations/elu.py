"""`ELU`: the exponential linear unit."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras.layers.base.arguments import number
from torchkeras.layers.layer import Layer


class ELU(Layer):
    """An exponential linear unit: `inputs` above zero, `alpha · (exp(inputs) - 1)` below.

    Args:
        alpha: How far below zero the output can go.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Source:
        Clevert et al. 2015, https://arxiv.org/abs/1511.07289

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.ELU()(torch.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """

    built = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = number("alpha", alpha, float("-inf"))
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return F.elu(inputs, self.alpha)
