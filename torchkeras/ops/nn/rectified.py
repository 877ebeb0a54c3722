"""Activations that bend at zero: ReLU and its relatives."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def relu(x: Any) -> Tensor:
    """Return `max(x, 0)`.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.relu([-2.0, 0.0, 2.0])
        tensor([0., 0., 2.])
    """
    return torch.relu(tensor(x))


@op
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """Return `x` where it is positive and `negative_slope · x` elsewhere.

    Args:
        x: A tensor.
        negative_slope: The slope below zero.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.leaky_relu([-1.0, 2.0])
        tensor([-0.2000,  2.0000])
    """
    return F.leaky_relu(tensor(x), negative_slope)


@op
def relu6(x: Any) -> Tensor:
    """Return `min(max(x, 0), 6)`.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.relu6([-1.0, 2.0, 9.0])
        tensor([0., 2., 6.])
    """
    return F.relu6(tensor(x))


@op
def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """Return `x` where it is positive and `alpha · (exp(x) - 1)` elsewhere.

    Args:
        x: A tensor.
        alpha: The depth below zero.

    Source:
        Clevert et al. 2015, https://arxiv.org/abs/1511.07289

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.elu([-1.0, 2.0])
        tensor([-0.6321,  2.0000])
    """
    return F.elu(tensor(x), alpha)


@op
def selu(x: Any) -> Tensor:
    """Return `1.0507 · elu(x, 1.6733)`, which keeps mean 0 and variance 1 from layer to layer.

    Args:
        x: A tensor.

    Source:
        Klambauer et al. 2017, https://arxiv.org/abs/1706.02515

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.selu([-1.0, 2.0])
        tensor([-1.1113,  2.1014])
    """
    return torch.selu(tensor(x))


@op
def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """Return `x` where it is positive and `alpha · (exp(x / alpha) - 1)` elsewhere.

    Args:
        x: A tensor.
        alpha: The depth below zero.

    Source:
        Barron 2017, https://arxiv.org/abs/1704.07483

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.celu([-1.0, 2.0], alpha=2.0)
        tensor([-0.7869,  2.0000])
    """
    return F.celu(tensor(x), alpha)


@op
def sparse_plus(x: Any) -> Tensor:
    """Return 0 up to -1, `(x + 1)² / 4` from there to 1, and `x` beyond.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.sparse_plus([-2.0, 0.0, 2.0])
        tensor([0.0000, 0.2500, 2.0000])
    """
    x = tensor(x)
    return torch.where(x < 1, 0.25 * (x.clamp(min=-1) + 1).square(), x)


@op
def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """Return `x` where it exceeds `threshold` and `default_value` elsewhere.

    Args:
        x: A tensor.
        threshold: What `x` must exceed to pass.
        default_value: The result elsewhere.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.threshold([-1.0, 2.0], 0.5, 9.0)
        tensor([9., 2.])
    """
    return F.threshold(tensor(x), threshold, default_value)
