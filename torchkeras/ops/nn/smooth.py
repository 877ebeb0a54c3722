"""Smooth activations that grow without bound: gates such as SiLU and GELU, and soft ReLUs."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def gelu(x: Any, approximate: bool = True) -> Tensor:
    """Return `x · Φ(x)`, Φ being the standard normal distribution function.

    Args:
        x: A tensor.
        approximate: Whether to use the approximation by a hyperbolic tangent.

    Source:
        Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.gelu([-1.0, 2.0])
        tensor([-0.1588,  1.9546])
    """
    return F.gelu(tensor(x), approximate="tanh" if approximate else "none")


@op
def silu(x: Any) -> Tensor:
    """Return `x · sigmoid(x)`, also called Swish.

    Args:
        x: A tensor.

    Source:
        Ramachandran et al. 2017, https://arxiv.org/abs/1710.05941

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.silu([-1.0, 2.0])
        tensor([-0.2689,  1.7616])
    """
    return F.silu(tensor(x))


@op
def hard_silu(x: Any) -> Tensor:
    """Return `x · relu6(x + 3) / 6`, also called Hard Swish.

    Args:
        x: A tensor.

    Source:
        Howard et al. 2019, https://arxiv.org/abs/1905.02244

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.hard_silu([-4.0, 1.0, 4.0])
        tensor([-0.0000, 0.6667, 4.0000])
    """
    return F.hardswish(tensor(x))


@op
def softplus(x: Any) -> Tensor:
    """Return `log(1 + exp(x))`.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.softplus([-1.0, 2.0])
        tensor([0.3133, 2.1269])
    """
    return F.softplus(tensor(x))


@op
def squareplus(x: Any, b: float = 4) -> Tensor:
    """Return `(x + √(x² + b)) / 2`.

    Args:
        x: A tensor.
        b: How smooth the bend is.

    Source:
        Barron 2021, https://arxiv.org/abs/2112.11687

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.squareplus([-1.5, 0.0])
        tensor([0.5000, 1.0000])
    """
    x = tensor(x)
    return (x + (x.square() + b).sqrt()) / 2


@op
def glu(x: Any, axis: int = -1) -> Tensor:
    """Return `a · sigmoid(b)` for the halves `a`, `b` of `x` along an axis.

    Args:
        x: A tensor.
        axis: The axis to halve; its size must be even.

    Source:
        Dauphin et al. 2016, https://arxiv.org/abs/1612.08083

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.glu([3.0, 4.0, 0.0, 0.0])
        tensor([1.5000, 2.0000])
    """
    return F.glu(tensor(x), axis)
