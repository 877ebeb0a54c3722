"""Activations that level off on both sides, their logarithms, and the shrinking ones."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._state.logits import noted
from torchkeras._symbolic.op import op


@op
def sigmoid(x: Any) -> Tensor:
    """Return `1 / (1 + exp(-x))`.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.sigmoid([0.0, 2.0])
        tensor([0.5000, 0.8808])
    """
    x = tensor(x)
    return noted(torch.sigmoid(x), x, "sigmoid")


@op
def hard_sigmoid(x: Any) -> Tensor:
    """Return `relu6(x + 3) / 6`.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.hard_sigmoid([-4.0, 0.0, 1.5])
        tensor([0.0000, 0.5000, 0.7500])
    """
    return F.hardsigmoid(tensor(x))


@op
def sparse_sigmoid(x: Any) -> Tensor:
    """Return 0 up to -1, `(x + 1) / 2` from there to 1, and 1 beyond.

    Args:
        x: A tensor.

    Source:
        Blondel et al. 2019, https://arxiv.org/abs/1901.02324

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.sparse_sigmoid([-2.0, 0.0, 2.0])
        tensor([0.0000, 0.5000, 1.0000])
    """
    return 0.5 * (F.hardtanh(tensor(x)) + 1)


@op
def log_sigmoid(x: Any) -> Tensor:
    """Return `log(sigmoid(x))`.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.log_sigmoid([0.0, 2.0])
        tensor([-0.6931, -0.1269])
    """
    return F.logsigmoid(tensor(x))


@op
def tanh(x: Any) -> Tensor:
    """Return the hyperbolic tangent.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.tanh([0.0, 1.0])
        tensor([0.0000, 0.7616])
    """
    return torch.tanh(tensor(x))


@op
def hard_tanh(x: Any) -> Tensor:
    """Return `min(max(x, -1), 1)`.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.hard_tanh([-2.0, 0.5])
        tensor([-1.0000,  0.5000])
    """
    return F.hardtanh(tensor(x))


@op
def softsign(x: Any) -> Tensor:
    """Return `x / (1 + |x|)`.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.softsign([-1.0, 3.0])
        tensor([-0.5000,  0.7500])
    """
    return F.softsign(tensor(x))


@op
def tanh_shrink(x: Any) -> Tensor:
    """Return `x - tanh(x)`.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.tanh_shrink([0.0, 1.0])
        tensor([0.0000, 0.2384])
    """
    return F.tanhshrink(tensor(x))


@op
def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """Return `x` moved towards zero by `threshold`, and no further than zero.

    Args:
        x: A tensor.
        threshold: How far to move.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.soft_shrink([-1.0, 0.2, 2.0])
        tensor([-0.5000,  0.0000,  1.5000])
    """
    return F.softshrink(tensor(x), threshold)


@op
def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """Return `x` where `|x|` exceeds `threshold` and 0 elsewhere.

    Args:
        x: A tensor.
        threshold: What `|x|` must exceed to pass.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.hard_shrink([-1.0, 0.2, 2.0])
        tensor([-1.,  0.,  2.])
    """
    return F.hardshrink(tensor(x), threshold)
