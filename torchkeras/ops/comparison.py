"""Functions that say whether something holds, element by element."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import operands, pair, promoted


@op
def equal(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether they are equal.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.equal([1, 2], 2).tolist()
        [False, True]
    """
    first, second = operands(x1, x2)
    return torch.eq(first, second)


@op
def not_equal(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether they differ.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.not_equal([1, 2], 2).tolist()
        [True, False]
    """
    first, second = operands(x1, x2)
    return torch.ne(first, second)


@op
def greater(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether `x1` is greater.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.greater([1, 2], 1).tolist()
        [False, True]
    """
    first, second = operands(x1, x2)
    return torch.gt(first, second)


@op
def greater_equal(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether `x1` is not less.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.greater_equal([1, 2], 2).tolist()
        [False, True]
    """
    first, second = operands(x1, x2)
    return torch.ge(first, second)


@op
def less(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether `x1` is less.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.less([1, 2], 2).tolist()
        [True, False]
    """
    first, second = operands(x1, x2)
    return torch.lt(first, second)


@op
def less_equal(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether `x1` is not greater.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.less_equal([1, 2], 1).tolist()
        [True, False]
    """
    first, second = operands(x1, x2)
    return torch.le(first, second)


@op
def logical_and(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether both hold.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.logical_and([True, False], True).tolist()
        [True, False]
    """
    return torch.logical_and(*pair(x1, x2))


@op
def logical_or(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether either holds.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.logical_or([True, False], False).tolist()
        [True, False]
    """
    return torch.logical_or(*pair(x1, x2))


@op
def logical_xor(x1: Any, x2: Any) -> Tensor:
    """Return, element by element, whether exactly one holds.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.

    Example:
        >>> from torchkeras import ops
        >>> ops.logical_xor([True, False], True).tolist()
        [False, True]
    """
    return torch.logical_xor(*pair(x1, x2))


@op
def logical_not(x: Any) -> Tensor:
    """Return, element by element, whether it is false.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.logical_not([True, False]).tolist()
        [False, True]
    """
    return torch.logical_not(tensor(x))


@op
def isnan(x: Any) -> Tensor:
    """Return, element by element, whether it is no number.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.isnan([1.0, float("nan")]).tolist()
        [False, True]
    """
    return torch.isnan(tensor(x))


@op
def isinf(x: Any) -> Tensor:
    """Return, element by element, whether it is infinite.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.isinf([1.0, float("inf")]).tolist()
        [False, True]
    """
    return torch.isinf(tensor(x))


@op
def isneginf(x: Any) -> Tensor:
    """Return, element by element, whether it is minus infinity.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.isneginf([float("-inf"), float("inf")]).tolist()
        [True, False]
    """
    return torch.isneginf(tensor(x))


@op
def isposinf(x: Any) -> Tensor:
    """Return, element by element, whether it is plus infinity.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.isposinf([float("-inf"), float("inf")]).tolist()
        [False, True]
    """
    return torch.isposinf(tensor(x))


@op
def isfinite(x: Any) -> Tensor:
    """Return, element by element, whether it is a finite number.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.isfinite([1.0, float("inf")]).tolist()
        [True, False]
    """
    return torch.isfinite(tensor(x))


@op
def isreal(x: Any) -> Tensor:
    """Return, element by element, whether its imaginary part is 0.

    Args:
        x: A tensor.

    Example:
        >>> from torchkeras import ops
        >>> ops.isreal([1.0, 2.0]).tolist()
        [True, True]
    """
    return torch.isreal(tensor(x))


@op
def isclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Return, element by element, whether `|x1 - x2| <= atol + rtol |x2|`; whole numbers equal.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
        rtol: How far apart they may be, as a part of `x2`.
        atol: How far apart they may be besides.
        equal_nan: Whether NaN is close to NaN.

    Example:
        >>> from torchkeras import ops
        >>> ops.isclose([1.0, 1.0], [1.000001, 1.1]).tolist()
        [True, False]
    """
    first, second = promoted(x1, x2)
    if not first.is_floating_point():
        return torch.eq(first, second)
    return torch.isclose(first, second, rtol=rtol, atol=atol, equal_nan=equal_nan)


@op
def allclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Return whether all values are close, as `isclose` says.

    Args:
        x1: A tensor or number.
        x2: A tensor or number.
        rtol: How far apart they may be, as a part of `x2`.
        atol: How far apart they may be besides.
        equal_nan: Whether NaN is close to NaN.

    Example:
        >>> from torchkeras import ops
        >>> ops.allclose([1.0, 1.0], [1.000001, 1.0]).item()
        True
    """
    return torch.all(isclose(x1, x2, rtol, atol, equal_nan))
