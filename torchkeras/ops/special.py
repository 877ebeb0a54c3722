"""Special functions."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._symbolic.op import op

from .operands import inexact


@op
def erfc(x: Any) -> Tensor:
    """Return `1 - erf(x)`, exact where `erf(x)` is near 1.

    Args:
        x: A tensor.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.erfc([0.0, 1.0])
        tensor([1.0000, 0.1573])
    """
    return torch.erfc(inexact(x))
