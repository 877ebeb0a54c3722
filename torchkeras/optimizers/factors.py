"""Additions with a factor: a number, or a tensor without axes that lies where the others do.

A captured CUDA graph launches its kernels again with the arguments that they were recorded with. A
number that changes from step to step must therefore lie on the device, where they read it anew.
"""

from typing import TypeAlias

import torch
from torch import Tensor

Factor: TypeAlias = float | Tensor


def add_(tensors: list[Tensor], others: list[Tensor], factor: Factor) -> None:
    """Add `factor * other` to each tensor.

    Args:
        tensors: The tensors.
        others: As many tensors of the same shapes.
        factor: The factor.
    """
    if isinstance(factor, Tensor):
        torch._foreach_add_(tensors, torch._foreach_mul(others, factor))
    else:
        torch._foreach_add_(tensors, others, alpha=factor)


def add_quotients_(
    tensors: list[Tensor], dividends: list[Tensor], divisors: list[Tensor], factor: Factor
) -> None:
    """Add `factor * dividend / divisor` to each tensor.

    Args:
        tensors: The tensors.
        dividends: As many tensors of the same shapes.
        divisors: Likewise.
        factor: The factor.
    """
    if isinstance(factor, Tensor):
        quotients = torch._foreach_div(dividends, divisors)
        torch._foreach_mul_(quotients, factor)
        torch._foreach_add_(tensors, quotients)
    else:
        torch._foreach_addcdiv_(tensors, dividends, divisors, value=factor)
