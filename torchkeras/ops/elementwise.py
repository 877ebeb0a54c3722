"""Functions of one tensor, element by element: powers, exponentials, logarithms, signs."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import counted, inexact


@op
def abs(x: Any) -> Tensor:
    """Return, element by element, the absolute value, `|x|`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.abs([-1, 2]).tolist()
        [1, 2]
    """
    value = tensor(x)
    return value if value.dtype is torch.bool else torch.abs(value)


absolute = abs


@op
def fabs(x: Any) -> Tensor:
    """Return, element by element, the absolute value as a float.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.fabs([-1, 2]).tolist()
        [1.0, 2.0]
    """
    return torch.abs(inexact(x))


@op
def negative(x: Any) -> Tensor:
    """Return, element by element, the negative, `-x`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.negative([1, -2]).tolist()
        [-1, 2]
    """
    return torch.neg(tensor(x))


@op
def sign(x: Any) -> Tensor:
    """Return, element by element, the sign, -1, 0 or 1.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.sign([-3, 0, 5]).tolist()
        [-1, 0, 1]
    """
    return torch.sign(tensor(x))


@op
def signbit(x: Any) -> Tensor:
    """Return, element by element, whether the sign bit is set: for negative numbers and -0.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.signbit([-1.0, 2.0]).tolist()
        [True, False]
    """
    return torch.signbit(tensor(x))


@op
def square(x: Any) -> Tensor:
    """Return, element by element, the square, `x²`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.square([2, 3]).tolist()
        [4, 9]
    """
    return torch.square(counted(x))


@op
def sqrt(x: Any) -> Tensor:
    """Return, element by element, the square root, `√x`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.sqrt([4.0, 9.0]).tolist()
        [2.0, 3.0]
    """
    return torch.sqrt(inexact(x))


@op
def rsqrt(x: Any) -> Tensor:
    """Return, element by element, the reciprocal of the square root, `1/√x`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.rsqrt([4.0]).tolist()
        [0.5]
    """
    return torch.rsqrt(inexact(x))


@op
def cbrt(x: Any) -> Tensor:
    """Return, element by element, the cube root, `∛x`, of negative numbers too.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.cbrt([-8.0, 1.0]).tolist()
        [-2.0, 1.0]
    """
    value = inexact(x)
    return torch.sign(value) * torch.abs(value) ** (1 / 3)


@op
def reciprocal(x: Any) -> Tensor:
    """Return, element by element, the reciprocal, `1/x`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.reciprocal([2.0, 4.0]).tolist()
        [0.5, 0.25]
    """
    return torch.reciprocal(inexact(x))


@op
def exp(x: Any) -> Tensor:
    """Return, element by element, the exponential, `eˣ`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.exp([0.0]).tolist()
        [1.0]
    """
    return torch.exp(inexact(x))


@op
def exp2(x: Any) -> Tensor:
    """Return, element by element, two to the power, `2ˣ`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.exp2([1.0, 3.0]).tolist()
        [2.0, 8.0]
    """
    return torch.exp2(inexact(x))


@op
def expm1(x: Any) -> Tensor:
    """Return, element by element, the exponential minus one, `eˣ - 1`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.expm1([0.0]).tolist()
        [0.0]
    """
    return torch.expm1(inexact(x))


@op
def log(x: Any) -> Tensor:
    """Return, element by element, the natural logarithm, `ln x`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.log([1.0]).tolist()
        [0.0]
    """
    return torch.log(inexact(x))


@op
def log2(x: Any) -> Tensor:
    """Return, element by element, the logarithm to base 2, `log₂ x`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.log2([1.0, 8.0]).tolist()
        [0.0, 3.0]
    """
    return torch.log2(inexact(x))


@op
def log10(x: Any) -> Tensor:
    """Return, element by element, the logarithm to base 10, `log₁₀ x`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.log10([1.0, 100.0]).tolist()
        [0.0, 2.0]
    """
    return torch.log10(inexact(x))


@op
def log1p(x: Any) -> Tensor:
    """Return, element by element, the logarithm of one plus `x`, `ln(1 + x)`.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.log1p([0.0]).tolist()
        [0.0]
    """
    return torch.log1p(inexact(x))


@op
def erf(x: Any) -> Tensor:
    """Return, element by element, the error function.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.erf([0.0]).tolist()
        [0.0]
    """
    return torch.erf(inexact(x))


@op
def erfinv(x: Any) -> Tensor:
    """Return, element by element, the inverse of the error function.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.erfinv([0.0]).tolist()
        [0.0]
    """
    return torch.erfinv(inexact(x))


@op
def i0(x: Any) -> Tensor:
    """Return, element by element, the modified Bessel function of the first kind, of order 0.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.i0([0.0]).tolist()
        [0.9999999403953552]
    """
    return torch.i0(inexact(x))


@op
def real(x: Any) -> Tensor:
    """Return, element by element, the real part.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.real(2 + 3j).item()
        2.0
    """
    return torch.real(tensor(x))


@op
def imag(x: Any) -> Tensor:
    """Return, element by element, the imaginary part; 0 for real numbers.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.imag(2 + 3j).item()
        3.0
    """
    value = tensor(x)
    return torch.imag(value) if value.is_complex() else torch.zeros_like(value)


@op
def conj(x: Any) -> Tensor:
    """Return, element by element, the complex conjugate.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.conj(2 + 3j).item()
        (2-3j)
    """
    return torch.conj(tensor(x)).resolve_conj()


conjugate = conj


@op
def angle(x: Any) -> Tensor:
    """Return, element by element, the angle in the complex plane, in radians.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.angle([2.0, 0.5]).tolist()
        [0.0, 0.0]
    """
    return torch.angle(tensor(x))
