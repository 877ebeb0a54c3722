"""Weights of 8 bits: `round(127 w / max|w|)` with a scale for each output.

Inputs, too, are made whole numbers, each row with a scale of its own; the product of whole numbers
is exact.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras.layers.base.low_rank import CorrectedEinsum, CorrectedEmbedding, CorrectedLinear
from torchkeras.quantizers import AbsMaxQuantizer

from .axes import Axes
from .form import Quantized, Quantizer, Settings, straight

_BY_ROW = AbsMaxQuantizer(axis=-1)
# Only these processors multiply bytes faster than floats; elsewhere torch has a plain loop.
_CPU_MULTIPLIES_BYTES = torch.backends.cpu.get_cpu_capability().startswith("AVX")
_ROWS, _EIGHTS = 16, 8  # the least sizes that a GPU multiplies


class Int8Matrix(Quantized):
    """A matrix of whole numbers, each row of which has a scale."""

    def make_room(self, weight: Tensor, settings: Settings) -> None:
        self._keep("weight", torch.zeros_like(weight, dtype=torch.int8))
        self._keep("scale", weight.new_ones(weight.shape[0]))

    def take(self, weight: Tensor, quantizer: Quantizer | None) -> None:
        whole, scale = quantizer(weight) if quantizer else _BY_ROW(weight, to_numpy=True)
        self.weight.copy_(whole)
        self.scale.copy_(scale.flatten())

    def restored(self, dtype: torch.dtype) -> Tensor:
        return self.weight.to(dtype) / self.scale.to(dtype)[:, None]

    def scores(self, x: Tensor) -> Tensor:
        """Return `x @ weightᵀ`.

        Args:
            x: Floats, of which whole numbers are made first if there is a quantizer for them.
        """
        plain = x.detach()
        if self.inputs_quantizer is None:
            product = F.linear(plain, self.weight.to(x.dtype)) / self.scale
        else:
            whole, scale = self.inputs_quantizer(plain, axis=-1)
            product = multiply_whole(whole, self.weight).to(x.dtype) / (self.scale * scale)
        return straight(x, product.to(x.dtype), self.restored)


class Int8Linear(Int8Matrix):
    """`nn.Linear` with a weight of 8 bits."""

    bias: Tensor | None

    def forward(self, input: Tensor) -> Tensor:
        """Return the product."""
        product = self.scores(input)
        return product if self.bias is None else product + self.bias

    def extra_repr(self) -> str:
        """Show the sizes."""
        outputs, inputs = self.weight.shape
        return f"in_features={inputs}, out_features={outputs}, bias={self.bias is not None}"


class Int8Embedding(Int8Matrix):
    """`nn.Embedding` with a table of 8 bits."""

    def forward(self, input: Tensor) -> Tensor:
        """Return rows as floats."""
        rows = F.embedding(input, self.weight)
        scale = F.embedding(input, self.scale[:, None])
        return rows.to(scale.dtype) / scale

    def extra_repr(self) -> str:
        """Show the sizes."""
        return ", ".join(str(size) for size in self.weight.shape)


class Int8Einsum(Quantized):
    """`Einsum` with a weight of 8 bits; scales lie along the axes of the outputs."""

    equation: str

    @property
    def axes(self) -> Axes:
        """How the axes lie to each other."""
        return Axes.of(self.equation)

    def make_room(self, weight: Tensor, settings: Settings) -> None:
        self._keep("weight", torch.zeros_like(weight, dtype=torch.int8))
        self._keep("scale", weight.new_ones(self.axes.scale_shape(weight.shape)))

    def take(self, weight: Tensor, quantizer: Quantizer | None) -> None:
        summed = self.axes.summed_in_kernel
        if quantizer is None:
            whole, scale = AbsMaxQuantizer(axis=summed)(weight, to_numpy=True)
        else:
            whole, scale = quantizer(weight)
        self.weight.copy_(whole)
        self.scale.copy_(self.axes.kernel_along_outputs(scale))

    def restored(self, dtype: torch.dtype) -> Tensor:
        return self.weight.to(dtype) / self.axes.outputs_along_kernel(self.scale.to(dtype))

    def forward(self, input: Tensor) -> Tensor:
        """Return the product."""
        if self.inputs_quantizer is None:
            return torch.einsum(self.equation, input, self.restored(input.dtype))
        whole, scale = self.inputs_quantizer(input.detach(), axis=self.axes.summed_in_inputs)
        scale = self.scale * self.axes.inputs_along_outputs(scale)
        pair = whole.to(torch.float32), self.weight.to(torch.float32)
        product = torch.einsum(self.equation, *pair).to(input.dtype) / scale
        return self.axes.straight(input, product.to(input.dtype), self.restored)

    def extra_repr(self) -> str:
        """Show the equation and the shape."""
        return f"{self.equation!r}, {tuple(self.weight.shape)}"


def multiply_whole(x: Tensor, weight: Tensor) -> Tensor:
    """Return `x @ weightᵀ` of whole numbers of 8 bits: as int32, or as floats that are as exact.

    Args:
        x: Whole numbers.
        weight: Whole numbers, `(outputs, inputs)`.
    """
    flat = x.reshape(-1, x.shape[-1])
    if not _multiplies_bytes(flat, weight):
        return F.linear(x.to(torch.float32), weight.to(torch.float32))
    return torch._int_mm(flat, weight.t()).reshape(*x.shape[:-1], weight.shape[0])


def _multiplies_bytes(x: Tensor, weight: Tensor) -> bool:
    """Whether torch multiplies these bytes, and does it fast."""
    if x.dtype != torch.int8:
        return False
    if x.device.type == "cpu":
        return _CPU_MULTIPLIES_BYTES
    if x.device.type != "cuda" or torch.version.cuda is None or torch.compiler.is_exporting():
        return False  # an exported program takes batches of other sizes
    sizes = (weight.shape[0], weight.shape[1])
    return x.shape[0] > _ROWS and all(n >= _ROWS and n % _EIGHTS == 0 for n in sizes)


class LowRankInt8Linear(CorrectedLinear, Int8Linear):
    """`Int8Linear` with a correction of low rank."""


class LowRankInt8Embedding(CorrectedEmbedding, Int8Embedding):
    """`Int8Embedding` with a correction of low rank."""


class LowRankInt8Einsum(CorrectedEinsum, Int8Einsum):
    """`Int8Einsum` with a correction of low rank."""
