"""`Einsum`: a matrix product along any axes, as a module of torch."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Einsum(nn.Module):
    """`einsum(equation, x, weight)`, for what `nn.Linear` cannot do.

    Args:
        equation: The axes of inputs, weight and outputs.
        shape: The shape of the weight.
        device: Where the weight is.
        dtype: The weight's dtype.
    """

    def __init__(
        self, equation: str, shape: Sequence[int], device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.equation = equation
        self.weight: Tensor = nn.Parameter(torch.empty(tuple(shape), device=device, dtype=dtype))

    def forward(self, input: Tensor) -> Tensor:
        """Return the product."""
        return torch.einsum(self.equation, input, self.weight)

    def extra_repr(self) -> str:
        """Show the equation and the shape."""
        return f"{self.equation!r}, {tuple(self.weight.shape)}"
