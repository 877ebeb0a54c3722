"""Penalties on the size of weights: the sums of their magnitudes and of their squares."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._state.convert import tensor

from .regularizer import Regularizer, not_negative

_DEFAULT = 0.01


class L1(Regularizer):
    """`l1 · Σ|x|`.

    Args:
        l1: The factor.

    Raises:
        ValueError: If the factor is negative or not finite.

    Example:
        >>> import torchkeras
        >>> torchkeras.regularizers.L1(0.5)([1.0, -3.0])
        tensor(2.)
    """

    def __init__(self, l1: float | None = _DEFAULT) -> None:
        self.l1 = not_negative("l1", _DEFAULT if l1 is None else l1)

    def __call__(self, x: Any) -> Tensor:
        return self.l1 * tensor(x).abs().sum()

    def get_config(self) -> dict[str, Any]:
        return {"l1": rounded(self.l1)}


class L2(Regularizer):
    """`l2 · Σx²`.

    Args:
        l2: The factor.

    Raises:
        ValueError: If the factor is negative or not finite.

    Example:
        >>> import torchkeras
        >>> torchkeras.regularizers.L2(0.5)([1.0, -3.0])
        tensor(5.)
    """

    def __init__(self, l2: float | None = _DEFAULT) -> None:
        self.l2 = not_negative("l2", _DEFAULT if l2 is None else l2)

    def __call__(self, x: Any) -> Tensor:
        return self.l2 * tensor(x).square().sum()

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class L1L2(Regularizer):
    """`l1 · Σ|x| + l2 · Σx²`.

    Args:
        l1: The factor of the magnitudes.
        l2: The factor of the squares.

    Raises:
        ValueError: If a factor is negative or not finite.

    Differs from Keras:
        The name `"l1_l2"` is known, with both factors 0.01, as Keras's documentation says.

    Example:
        >>> import torchkeras
        >>> torchkeras.regularizers.L1L2(0.5, 0.5)([1.0, -3.0])
        tensor(7.)
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = not_negative("l1", 0.0 if l1 is None else l1)
        self.l2 = not_negative("l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Tensor:
        x = tensor(x)
        penalty = x.new_zeros(())
        if self.l1:
            penalty = penalty + self.l1 * x.abs().sum()
        if self.l2:
            penalty = penalty + self.l2 * x.square().sum()
        return penalty

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


def rounded(value: float) -> float:
    """Return a factor as Keras's config has it where Keras keeps it as a tensor of `floatx()`."""
    return float(torch.tensor(value, dtype=to_torch(None), device="cpu"))
