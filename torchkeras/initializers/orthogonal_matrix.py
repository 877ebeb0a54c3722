"""Matrices with orthogonal rows or columns."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base import device
from torchkeras.random import draw
from torchkeras.random.distributions import float_dtype

from .random import RandomInitializer


class Orthogonal(RandomInitializer):
    """`gain` times a random matrix whose columns (or rows, if there are fewer) are orthonormal.

    A shape with more axes is one matrix: all axes but the last are its rows.

    Args:
        gain: The length of the columns or rows.
        seed: An integer, which makes every weight of a shape the same; or a
            `torchkeras.random.SeedGenerator`, which makes each another. Without it a seed is drawn
            once, when the initializer is made.

    Raises:
        ValueError: When called with a shape of fewer than two sizes.

    Source:
        Saxe et al. 2013, https://arxiv.org/abs/1312.6120

    Example:
        >>> import torch, torchkeras
        >>> q = torchkeras.initializers.Orthogonal(seed=3)((4, 2))
        >>> torch.allclose(q.T @ q, torch.eye(2), atol=1e-5)
        True
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        if len(shape) < 2:
            raise ValueError(
                f"`shape` must have two sizes or more. Received: shape={tuple(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        flat = (max(rows, columns), min(rows, columns))
        wanted = float_dtype(dtype)
        # LAPACK has no half precision.
        exact = torch.float32 if wanted.itemsize < 4 else wanted
        q, r = torch.linalg.qr(draw.normal(flat, 0.0, 1.0, exact, self.seed, device.creation()))
        # Without the signs Q would depend on the QR algorithm's conventions and not be uniform.
        q = q * r.diagonal().sign()
        q = q.T if rows < columns else q
        return (self.gain * q.reshape(tuple(shape))).to(wanted)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}
