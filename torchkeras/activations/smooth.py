"""Activations that grow without bound and smoothly, but for those that `ops` has as well."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


def linear(x: Any) -> Any:
    """Return `x`.

    Args:
        x: Anything.

    Example:
        >>> import torchkeras
        >>> torchkeras.activations.linear(3)
        3
    """
    return x


@op
def exponential(x: Any) -> Tensor:
    """Return `exp(x)`.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.activations.exponential([0.0, 1.0])
        tensor([1.0000, 2.7183])
    """
    return torch.exp(tensor(x))


@op
def gelu(x: Any, approximate: bool = False) -> Tensor:
    """Return `x · Φ(x)`, Φ being the standard normal distribution function.

    Args:
        x: A tensor.
        approximate: Whether to use the approximation by a hyperbolic tangent.

    Source:
        Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415

    Example:
        >>> import torchkeras
        >>> torchkeras.activations.gelu([-1.0, 2.0])
        tensor([-0.1587,  1.9545])
    """
    return F.gelu(tensor(x), approximate="tanh" if approximate else "none")


@op
def mish(x: Any) -> Tensor:
    """Return `x · tanh(softplus(x))`.

    Args:
        x: A tensor.

    Source:
        Misra 2019, https://arxiv.org/abs/1908.08681

    Example:
        >>> import torchkeras
        >>> torchkeras.activations.mish([-1.0, 2.0])
        tensor([-0.3034,  1.9440])
    """
    return F.mish(tensor(x))
