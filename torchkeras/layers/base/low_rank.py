"""Torch's stock modules with a correction of low rank beside their weight, which stays frozen.

A module becomes one of these by a change of its class: it stays the same object, its weight and
bias keep their names in `state_dict`, and modules without a correction pay nothing. The weight and
the correction are applied one after the other, so no gradient of the weight's size is computed.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .einsum import Einsum

_CONVOLVE: dict[int, Callable[..., Tensor]] = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}


class LowRank(nn.Module):
    """What is added to a stock module.

    Attributes:
        lora_a: The way down, laid out like the weight, with the rank in place of the outputs.
        lora_b: The way up, `(outputs, rank)`.
        lora_scale: The factor of the correction.
    """

    weight: Tensor
    lora_a: Tensor
    lora_b: Tensor
    lora_scale: float

    def _ways(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        return self.lora_a.to(dtype), self.lora_b.to(dtype)


class CorrectedLinear(LowRank):
    """Adds `scale * (x @ aᵀ) @ bᵀ`; block by block where `a` has several."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the product, corrected."""
        outputs: Tensor = super().forward(input)
        a, b = self._ways(outputs.dtype)
        rank, inner = b.shape[1], F.linear(input, a)
        if a.shape[0] == rank:
            correction = F.linear(inner, b)
        else:
            blocks = inner.reshape(*inner.shape[:-1], -1, rank)
            correction = F.linear(blocks, b).flatten(-2)
        return outputs + self.lora_scale * correction


class CorrectedEmbedding(LowRank):
    """Adds `scale * a[i] @ bᵀ`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the rows, corrected."""
        rows: Tensor = super().forward(input)
        a, b = self._ways(rows.dtype)
        return rows + self.lora_scale * F.linear(F.embedding(input, a), b)


class CorrectedEinsum(LowRank):
    """Adds `scale * einsum(equation, x, a @ bᵀ)`."""

    equation: str

    def forward(self, input: Tensor) -> Tensor:
        """Return the product, corrected."""
        outputs: Tensor = super().forward(input)
        a, b = self._ways(outputs.dtype)
        return outputs + self.lora_scale * torch.einsum(self.equation, input, F.linear(a, b))


class LowRankLinear(CorrectedLinear, nn.Linear):
    """`nn.Linear` with a correction."""


class LowRankEmbedding(CorrectedEmbedding, nn.Embedding):
    """`nn.Embedding` with a correction."""


class LowRankEinsum(CorrectedEinsum, Einsum):
    """`Einsum` with a correction."""


class _LowRankConvolution(LowRank):
    """A convolution, and beside it a narrow one followed by a matrix product of its channels."""

    groups: int
    bias: Tensor | None
    _conv_forward: Callable[[Tensor, Tensor, Tensor | None], Tensor]

    def forward(self, input: Tensor) -> Tensor:
        """Return the convolution, corrected."""
        a, b = self._ways(self.weight.dtype)
        ones = (1,) * (a.ndim - 2)
        if self.groups > 1:  # each group has the same way down, over channels of its own
            a = a.repeat(self.groups, 1, *ones)
        inner = self._conv_forward(input, a, None)
        correction = _CONVOLVE[a.ndim](inner, b.reshape(*b.shape, *ones), groups=self.groups)
        return self._conv_forward(input, self.weight, self.bias) + self.lora_scale * correction


class LowRankConv1d(_LowRankConvolution, nn.Conv1d):
    """`nn.Conv1d` with a correction."""


class LowRankConv2d(_LowRankConvolution, nn.Conv2d):
    """`nn.Conv2d` with a correction."""


class LowRankConv3d(_LowRankConvolution, nn.Conv3d):
    """`nn.Conv3d` with a correction."""


ADAPTED: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: LowRankLinear,
    nn.Embedding: LowRankEmbedding,
    Einsum: LowRankEinsum,
    nn.Conv1d: LowRankConv1d,
    nn.Conv2d: LowRankConv2d,
    nn.Conv3d: LowRankConv3d,
}
