"""Matrices of 4 bits, two numbers to a byte, with a scale for each output or for blocks of inputs.

With one scale for each output a weight is `whole / scale`, in blocks `(whole - zero) * scale`.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras.quantizers import (
    AbsMaxQuantizer,
    abs_max_quantize_grouped_with_zero_point,
    pack_int4,
    unpack_int4,
)

from .form import Quantized, Quantizer, Settings

_BY_ROW = AbsMaxQuantizer(axis=-1, value_range=(-8, 7))


class Int4Matrix(Quantized):
    """A packed matrix; `zero` and `g_idx` are only there where blocks of inputs share a scale."""

    shown: ClassVar[dict[str, str]] = {
        "weight": "",
        "scale": "_scale",
        "zero": "_zero",
        "g_idx": "g_idx",
    }

    zero: Tensor
    g_idx: Tensor
    block_size: int | None
    packed_size: int  # the size of the packed axis before
    inputs: int

    def _make(self, like: Tensor, inputs: int, outputs: int, settings: Settings) -> None:
        """Make the buffers; `settings.second` modules use the groups of the first one."""
        self.inputs, self.block_size = inputs, settings.block_size
        size = settings.block_size
        if size is None or size < 0:
            self._keep("scale", like.new_ones(outputs))
            return
        self._keep("scale", like.new_ones(self._in_blocks(math.ceil(inputs / size), outputs)))
        dtype = like.dtype if settings.second else torch.int8  # as in Keras
        self._keep("zero", torch.zeros_like(self.scale, dtype=dtype))
        if not settings.second:
            self._keep("g_idx", self._blocks_in_order(like.device).to(to_torch("float32")))

    def _in_blocks(self, blocks: int, outputs: int) -> tuple[int, int]:
        """Return the shape of the scales."""
        raise NotImplementedError

    def _pack(self, like: Tensor, rows: int, columns: int) -> None:
        """Make the buffer of the weight, packed along its columns."""
        self.packed_size = columns
        packed = like.new_zeros((rows, (columns + 1) // 2), dtype=torch.int8)
        self._keep("weight", packed)

    def _fill(self, whole: Tensor, scale: Tensor, zero: Tensor | None = None) -> None:
        self.weight.copy_(pack_int4(whole, axis=-1)[0])
        self.scale.copy_(scale)
        if zero is not None:
            self.zero.copy_(zero)

    @property
    def has_blocks(self) -> bool:
        """Whether blocks of inputs share a scale and a zero."""
        return "zero" in self._buffers

    def _blocks_in_order(self, device: torch.device) -> Tensor:
        assert self.block_size is not None
        return torch.arange(self.inputs, device=device) // self.block_size

    def groups(self) -> Tensor:
        """Return which block each input belongs to."""
        if "g_idx" in self._buffers:
            return self.g_idx.to(torch.int32)
        return self._blocks_in_order(self.scale.device)

    def whole(self) -> Tensor:
        """Return the whole numbers."""
        return unpack_int4(self.weight, self.packed_size, axis=-1)


class Int4Columns(Int4Matrix):
    """A matrix `(inputs, outputs)`, packed along the outputs."""

    def _in_blocks(self, blocks: int, outputs: int) -> tuple[int, int]:
        return blocks, outputs

    def make_columns(self, like: Tensor, inputs: int, outputs: int, settings: Settings) -> None:
        """Make the buffers.

        Args:
            like: A tensor of the dtype and device of the scales.
            inputs: The number of inputs.
            outputs: The number of outputs.
            settings: How the module is quantized.
        """
        self._pack(like, inputs, outputs)
        self._make(like, inputs, outputs, settings)

    def take_columns(self, matrix: Tensor, quantizer: Quantizer | None = None) -> None:
        """Fill the buffers with a float matrix.

        Args:
            matrix: The matrix, `(inputs, outputs)`.
            quantizer: What makes whole numbers and scales of its transpose, one a row.
        """
        if self.has_blocks and self.block_size is not None:
            found = abs_max_quantize_grouped_with_zero_point(matrix, self.block_size, to_numpy=True)
            self._fill(*found)
        else:
            rows = matrix.t()
            whole, scale = quantizer(rows) if quantizer else _BY_ROW(rows, to_numpy=True)
            self._fill(whole.t(), scale.flatten())

    def columns(self, dtype: torch.dtype) -> Tensor:
        """Return the float matrix, as far as it has survived.

        Args:
            dtype: Its dtype.
        """
        whole = self.whole()
        if not self.has_blocks:
            return whole.to(dtype) / self.scale.to(dtype)
        groups = self.groups()
        floats = whole.to(self.scale.dtype)
        floats -= self.zero.to(floats.dtype).index_select(0, groups)
        floats *= self.scale.index_select(0, groups)
        return floats.to(dtype)


class Int4Rows(Int4Matrix):
    """A matrix `(outputs, inputs)`, packed along the inputs."""

    def _in_blocks(self, blocks: int, outputs: int) -> tuple[int, int]:
        return outputs, blocks

    def make_room(self, weight: Tensor, settings: Settings) -> None:
        outputs, inputs = weight.shape
        self._pack(weight, outputs, inputs)
        self._make(weight, inputs, outputs, settings)

    def take(self, weight: Tensor, quantizer: Quantizer | None) -> None:
        if self.has_blocks and self.block_size is not None:
            found = abs_max_quantize_grouped_with_zero_point(
                weight.t(), self.block_size, to_numpy=True
            )
            self._fill(*(each.t() for each in found))
        else:
            whole, scale = quantizer(weight) if quantizer else _BY_ROW(weight, to_numpy=True)
            self._fill(whole, scale.flatten())

    def restored(self, dtype: torch.dtype) -> Tensor:
        whole = self.whole()
        if not self.has_blocks:
            return whole.to(dtype) / self.scale.to(dtype)[:, None]
        groups = self.groups()
        floats = whole.to(self.scale.dtype)
        floats -= self.zero.to(floats.dtype).index_select(1, groups)
        floats *= self.scale.index_select(1, groups)
        return floats.to(dtype)
