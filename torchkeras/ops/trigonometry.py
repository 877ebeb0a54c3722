"""Trigonometric and hyperbolic functions, element by element."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._symbolic.op import op

from .operands import inexact


@op
def sin(x: Any) -> Tensor:
    """Return, element by element, the sine.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.sin([0.0]).tolist()
        [0.0]
    """
    return torch.sin(inexact(x))


@op
def cos(x: Any) -> Tensor:
    """Return, element by element, the cosine.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.cos([0.0]).tolist()
        [1.0]
    """
    return torch.cos(inexact(x))


@op
def tan(x: Any) -> Tensor:
    """Return, element by element, the tangent.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.tan([0.0]).tolist()
        [0.0]
    """
    return torch.tan(inexact(x))


@op
def arcsin(x: Any) -> Tensor:
    """Return, element by element, the inverse sine.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.arcsin([0.0]).tolist()
        [0.0]
    """
    return torch.arcsin(inexact(x))


@op
def arccos(x: Any) -> Tensor:
    """Return, element by element, the inverse cosine.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.arccos([1.0]).tolist()
        [0.0]
    """
    return torch.arccos(inexact(x))


@op
def arctan(x: Any) -> Tensor:
    """Return, element by element, the inverse tangent.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.arctan([0.0]).tolist()
        [0.0]
    """
    return torch.arctan(inexact(x))


@op
def sinh(x: Any) -> Tensor:
    """Return, element by element, the hyperbolic sine.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.sinh([0.0]).tolist()
        [0.0]
    """
    return torch.sinh(inexact(x))


@op
def cosh(x: Any) -> Tensor:
    """Return, element by element, the hyperbolic cosine.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.cosh([0.0]).tolist()
        [1.0]
    """
    return torch.cosh(inexact(x))


@op
def arcsinh(x: Any) -> Tensor:
    """Return, element by element, the inverse hyperbolic sine.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.arcsinh([0.0]).tolist()
        [0.0]
    """
    return torch.arcsinh(inexact(x))


@op
def arccosh(x: Any) -> Tensor:
    """Return, element by element, the inverse hyperbolic cosine.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.arccosh([1.0]).tolist()
        [0.0]
    """
    return torch.arccosh(inexact(x))


@op
def arctanh(x: Any) -> Tensor:
    """Return, element by element, the inverse hyperbolic tangent.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.arctanh([0.0]).tolist()
        [0.0]
    """
    return torch.arctanh(inexact(x))


@op
def sinc(x: Any) -> Tensor:
    """Return, element by element, the normalized cardinal sine, `sin(πx)/(πx)`, 1 at 0.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.sinc([0.0]).tolist()
        [1.0]
    """
    return torch.sinc(inexact(x))


@op
def deg2rad(x: Any) -> Tensor:
    """Return, element by element, degrees in radians.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.deg2rad([0.0]).tolist()
        [0.0]
    """
    return torch.deg2rad(inexact(x))


@op
def rad2deg(x: Any) -> Tensor:
    """Return, element by element, radians in degrees.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.rad2deg([0.0]).tolist()
        [0.0]
    """
    return torch.rad2deg(inexact(x))
