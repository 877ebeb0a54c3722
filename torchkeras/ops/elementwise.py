"""Functions of one tensor, element by element."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def abs(x: Any) -> Tensor:
    """Return, element by element, the absolute value, `|x|`.

    Args:
        x: A tensor.
    """
    value = tensor(x)
    return value if value.dtype is torch.bool else torch.abs(value)


@op
def absolute(x: Any) -> Tensor:
    """Return, element by element, the absolute value, `|x|`.

    Args:
        x: A tensor.
    """
    value = tensor(x)
    return value if value.dtype is torch.bool else torch.abs(value)


@op
def negative(x: Any) -> Tensor:
    """Return, element by element, the negative, `-x`.

    Args:
        x: A tensor.
    """
    return torch.neg(tensor(x))


@op
def sqrt(x: Any) -> Tensor:
    """Return, element by element, the square root, `√x`.

    Args:
        x: A tensor.
    """
    return torch.sqrt(_float(x))


@op
def rsqrt(x: Any) -> Tensor:
    """Return, element by element, the reciprocal of the square root, `1/√x`.

    Args:
        x: A tensor.
    """
    return torch.rsqrt(_float(x))


@op
def square(x: Any) -> Tensor:
    """Return, element by element, the square, `x²`.

    Args:
        x: A tensor.
    """
    value = tensor(x)
    return torch.square(value.to(torch.int32) if value.dtype is torch.bool else value)


@op
def exp(x: Any) -> Tensor:
    """Return, element by element, the exponential, `eˣ`.

    Args:
        x: A tensor.
    """
    return torch.exp(_float(x))


@op
def expm1(x: Any) -> Tensor:
    """Return, element by element, the exponential minus one, `eˣ - 1`.

    Args:
        x: A tensor.
    """
    return torch.expm1(_float(x))


@op
def log(x: Any) -> Tensor:
    """Return, element by element, the natural logarithm, `ln x`.

    Args:
        x: A tensor.
    """
    return torch.log(_float(x))


@op
def log2(x: Any) -> Tensor:
    """Return, element by element, the logarithm to base 2, `log₂ x`.

    Args:
        x: A tensor.
    """
    return torch.log2(_float(x))


@op
def log10(x: Any) -> Tensor:
    """Return, element by element, the logarithm to base 10, `log₁₀ x`.

    Args:
        x: A tensor.
    """
    return torch.log10(_float(x))


@op
def log1p(x: Any) -> Tensor:
    """Return, element by element, the logarithm of one plus `x`, `ln(1 + x)`.

    Args:
        x: A tensor.
    """
    return torch.log1p(_float(x))


@op
def sin(x: Any) -> Tensor:
    """Return, element by element, the sine.

    Args:
        x: A tensor.
    """
    return torch.sin(tensor(x))


@op
def cos(x: Any) -> Tensor:
    """Return, element by element, the cosine.

    Args:
        x: A tensor.
    """
    return torch.cos(tensor(x))


@op
def tan(x: Any) -> Tensor:
    """Return, element by element, the tangent.

    Args:
        x: A tensor.
    """
    return torch.tan(tensor(x))


@op
def arcsin(x: Any) -> Tensor:
    """Return, element by element, the inverse sine.

    Args:
        x: A tensor.
    """
    return torch.arcsin(tensor(x))


@op
def arccos(x: Any) -> Tensor:
    """Return, element by element, the inverse cosine.

    Args:
        x: A tensor.
    """
    return torch.arccos(tensor(x))


@op
def arctan(x: Any) -> Tensor:
    """Return, element by element, the inverse tangent.

    Args:
        x: A tensor.
    """
    return torch.arctan(tensor(x))


@op
def sinh(x: Any) -> Tensor:
    """Return, element by element, the hyperbolic sine.

    Args:
        x: A tensor.
    """
    return torch.sinh(tensor(x))


@op
def cosh(x: Any) -> Tensor:
    """Return, element by element, the hyperbolic cosine.

    Args:
        x: A tensor.
    """
    return torch.cosh(tensor(x))


@op
def arcsinh(x: Any) -> Tensor:
    """Return, element by element, the inverse hyperbolic sine.

    Args:
        x: A tensor.
    """
    return torch.arcsinh(tensor(x))


@op
def arccosh(x: Any) -> Tensor:
    """Return, element by element, the inverse hyperbolic cosine.

    Args:
        x: A tensor.
    """
    return torch.arccosh(tensor(x))


@op
def arctanh(x: Any) -> Tensor:
    """Return, element by element, the inverse hyperbolic tangent.

    Args:
        x: A tensor.
    """
    return torch.arctanh(tensor(x))


@op
def sign(x: Any) -> Tensor:
    """Return, element by element, the sign, -1, 0 or 1.

    Args:
        x: A tensor.
    """
    return torch.sign(tensor(x))


@op
def floor(x: Any) -> Tensor:
    """Return, element by element, the largest whole number that is not above.

    Args:
        x: A tensor.
    """
    return torch.floor(_float(x))


@op
def ceil(x: Any) -> Tensor:
    """Return, element by element, the smallest whole number that is not below.

    Args:
        x: A tensor.
    """
    return torch.ceil(_float(x))


@op
def trunc(x: Any) -> Tensor:
    """Return, element by element, the whole part.

    Args:
        x: A tensor.
    """
    value = tensor(x)
    return value if value.dtype is torch.bool else torch.trunc(value)


@op
def reciprocal(x: Any) -> Tensor:
    """Return, element by element, the reciprocal, `1/x`.

    Args:
        x: A tensor.
    """
    return torch.reciprocal(_float(x))


@op
def erf(x: Any) -> Tensor:
    """Return, element by element, the error function.

    Args:
        x: A tensor.
    """
    return torch.erf(_float(x))


@op
def erfinv(x: Any) -> Tensor:
    """Return, element by element, the inverse of the error function.

    Args:
        x: A tensor.
    """
    return torch.erfinv(_float(x))


@op
def isnan(x: Any) -> Tensor:
    """Return, element by element, whether it is no number.

    Args:
        x: A tensor.
    """
    return torch.isnan(tensor(x))


@op
def isinf(x: Any) -> Tensor:
    """Return, element by element, whether it is infinite.

    Args:
        x: A tensor.
    """
    return torch.isinf(tensor(x))


@op
def isfinite(x: Any) -> Tensor:
    """Return, element by element, whether it is a finite number.

    Args:
        x: A tensor.
    """
    return torch.isfinite(tensor(x))


@op
def logical_not(x: Any) -> Tensor:
    """Return, element by element, whether it is false.

    Args:
        x: A tensor.
    """
    return torch.logical_not(tensor(x))


@op
def deg2rad(x: Any) -> Tensor:
    """Return, element by element, degrees in radians.

    Args:
        x: A tensor.
    """
    return torch.deg2rad(_float(x))


@op
def rad2deg(x: Any) -> Tensor:
    """Return, element by element, radians in degrees.

    Args:
        x: A tensor.
    """
    return torch.rad2deg(_float(x))


@op
def real(x: Any) -> Tensor:
    """Return, element by element, the real part.

    Args:
        x: A tensor.
    """
    return torch.real(tensor(x))


@op
def conj(x: Any) -> Tensor:
    """Return, element by element, the complex conjugate.

    Args:
        x: A tensor.
    """
    return torch.conj(tensor(x))


@op
def round(x: Any, decimals: int = 0) -> Tensor:
    """Return, element by element, the nearest number with so many decimals; halves go to even.

    Args:
        x: A tensor.
        decimals: The number of decimals.
    """
    value = tensor(x)
    return torch.round(value, decimals=decimals) if value.is_floating_point() else value


@op
def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """Return, element by element, the nearest number from `x_min` to `x_max`.

    Args:
        x: A tensor.
        x_min: The lower end.
        x_max: The upper end.
    """
    return torch.clip(tensor(x), x_min, x_max)


@op
def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    """Return a tensor with other values in place of those that are not finite.

    Args:
        x: A tensor.
        nan: What replaces NaN.
        posinf: What replaces infinity; the largest number of the dtype if not given.
        neginf: What replaces minus infinity; the smallest number if not given.
    """
    return torch.nan_to_num(tensor(x), nan, posinf, neginf)


def _float(x: Any) -> Tensor:
    """Return a tensor of floats, integers becoming `floatx()`."""
    value = tensor(x)
    inexact = value.is_floating_point() or value.is_complex()
    return value if inexact else value.to(to_torch(None))
