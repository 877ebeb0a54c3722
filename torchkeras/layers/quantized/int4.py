"""Modules with weights of 4 bits, which are made floats again for each product, and forgotten."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras.layers.base.low_rank import CorrectedEinsum, CorrectedEmbedding, CorrectedLinear
from torchkeras.quantizers import unpack_int4

from .axes import Axes
from .form import Quantizer, Settings, straight
from .int4_matrix import Int4Columns, Int4Rows
from .int8 import multiply_whole


class Int4Linear(Int4Columns):
    """`nn.Linear` with a weight of 4 bits."""

    bias: Tensor | None

    def make_room(self, weight: Tensor, settings: Settings) -> None:
        outputs, inputs = weight.shape
        self.make_columns(weight, inputs, outputs, settings)

    def take(self, weight: Tensor, quantizer: Quantizer | None) -> None:
        self.take_columns(weight.t(), quantizer)

    def restored(self, dtype: torch.dtype) -> Tensor:
        return self.columns(dtype).t()

    def forward(self, input: Tensor) -> Tensor:
        """Return the product."""
        product = straight(input, self._product(input.detach()), self.restored)
        return product if self.bias is None else product + self.bias

    def _product(self, x: Tensor) -> Tensor:
        if self.inputs_quantizer is None or self.has_blocks:
            return x @ self.columns(x.dtype)
        whole, scale = self.inputs_quantizer(x, axis=-1)
        product = multiply_whole(whole, self.whole().t()).to(x.dtype)
        return (product / (self.scale * scale)).to(x.dtype)

    def extra_repr(self) -> str:
        """Show the sizes."""
        sizes = f"in_features={self.inputs}, out_features={self.packed_size}"
        return f"{sizes}, bias={self.bias is not None}, block_size={self.block_size}"


class Int4Einsum(Int4Columns):
    """`Einsum` with a weight of 4 bits, cut into `(summed, others)` as it lies in memory."""

    equation: str

    @property
    def axes(self) -> Axes:
        """How the axes lie to each other."""
        return Axes.of(self.equation)

    shape: tuple[int, ...]

    def make_room(self, weight: Tensor, settings: Settings) -> None:
        self.shape = tuple(weight.shape)
        inputs = math.prod(self.shape[axis] for axis in self.axes.summed_in_kernel)
        self.make_columns(weight, inputs, weight.numel() // inputs, settings)

    def take(self, weight: Tensor, quantizer: Quantizer | None) -> None:
        self.take_columns(weight.reshape(self.inputs, self.packed_size))

    def restored(self, dtype: torch.dtype) -> Tensor:
        return self.columns(dtype).reshape(self.shape)

    def forward(self, input: Tensor) -> Tensor:
        """Return the product."""
        if self.inputs_quantizer is None or self.has_blocks:
            return torch.einsum(self.equation, input, self.restored(input.dtype))
        whole, scale = self.inputs_quantizer(input.detach(), axis=self.axes.summed_in_inputs)
        pair = whole.to(input.dtype), self.restored(input.dtype)
        product = torch.einsum(self.equation, *pair) / self.axes.inputs_along_outputs(scale)
        return self.axes.straight(input, product.to(input.dtype), self.restored)

    def extra_repr(self) -> str:
        """Show the equation and the shape."""
        return f"{self.equation!r}, {self.shape}, block_size={self.block_size}"


class Int4Embedding(Int4Rows):
    """`nn.Embedding` with a table of 4 bits."""

    def forward(self, input: Tensor) -> Tensor:
        """Return rows as floats."""
        rows = unpack_int4(F.embedding(input, self.weight), self.packed_size, axis=-1)
        if not self.has_blocks:
            return rows.to(self.scale.dtype) / F.embedding(input, self.scale[:, None])
        groups = self.groups()
        scale, zero = (F.embedding(input, each)[..., groups] for each in (self.scale, self.zero))
        return (rows - zero.to(scale.dtype)) * scale

    def scores(self, x: Tensor) -> Tensor:
        """Return `x @ tableᵀ`.

        Args:
            x: Floats, of which whole numbers are made first if there is a quantizer for them.
        """
        return straight(x, self._product(x.detach()).to(x.dtype), self.restored)

    def _product(self, x: Tensor) -> Tensor:
        if self.inputs_quantizer is None:
            return F.linear(x, self.restored(x.dtype))
        whole, scale = self.inputs_quantizer(x, axis=-1)
        if self.has_blocks:
            return F.linear(whole.to(x.dtype), self.restored(x.dtype)) / scale
        return multiply_whole(whole, self.whole()).to(x.dtype) / (self.scale * scale)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"{self.weight.shape[0]}, {self.packed_size}, block_size={self.block_size}"


class LowRankInt4Linear(CorrectedLinear, Int4Linear):
    """`Int4Linear` with a correction of low rank."""


class LowRankInt4Einsum(CorrectedEinsum, Int4Einsum):
    """`Int4Einsum` with a correction of low rank."""


class LowRankInt4Embedding(CorrectedEmbedding, Int4Embedding):
    """`Int4Embedding` with a correction of low rank."""
