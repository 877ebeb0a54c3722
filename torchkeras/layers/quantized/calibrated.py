"""Weights quantized by algorithms that look at data: GPTQ and AWQ.

Until the data has been looked at, the float weight stays and works.
"""

import math
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchkeras.quantizers import pack_int4, unpack_int4

from .form import straight

_PACKED_BITS = 4  # two to a byte; other sizes take a byte each


class Calibrated(nn.Module):
    """What both states of a module have: whole numbers `(outputs, inputs)`, and their groups."""

    # The attribute of the layer for each buffer.
    shown: ClassVar[dict[str, str]] = {
        "quantized_kernel": "quantized_kernel",
        "scale": "kernel_scale",
        "zero": "kernel_zero",
        "awq_scales": "awq_scales",
        "g_idx": "g_idx",
    }

    in_features: int
    out_features: int
    bits: int
    quantized_kernel: Tensor
    scale: Tensor
    zero: Tensor
    g_idx: Tensor
    awq_scales: Tensor

    def make_room(self, like: Tensor, bits: int, group_size: int, has_scales: bool) -> None:
        """Make the buffers.

        Args:
            like: A tensor of the dtype and device of the scales.
            bits: The bits of a weight.
            group_size: How many inputs share a scale; -1 for all.
            has_scales: Whether inputs have scales of their own (AWQ).
        """
        self.bits, inputs, outputs = bits, self.in_features, self.out_features
        groups = 1 if group_size == -1 else math.ceil(inputs / group_size)
        rows = (outputs + 1) // 2 if bits == _PACKED_BITS else outputs
        made = {
            "quantized_kernel": like.new_zeros((rows, inputs), dtype=torch.uint8),
            "scale": like.new_ones((outputs, groups)),
            "zero": like.new_zeros((outputs, groups), dtype=torch.uint8),
        }
        if has_scales:
            made["awq_scales"] = like.new_ones(inputs)
        made["g_idx"] = like.new_zeros(inputs, dtype=torch.float32)
        for name, value in made.items():
            self._buffers[name] = value

    def take(self, whole: Tensor, found: dict[str, Tensor | None]) -> None:
        """Fill the buffers.

        Args:
            whole: Whole numbers, `(outputs, inputs)`.
            found: The other buffers by name; `None` for those that are not there.
        """
        numbers = whole.to(torch.uint8)
        if self.bits == _PACKED_BITS:
            numbers = pack_int4(numbers, axis=0, dtype="uint8")[0]
        with torch.no_grad():
            self.quantized_kernel.copy_(numbers)
            for name, value in found.items():
                if value is not None:
                    getattr(self, name).copy_(value)

    def whole(self) -> Tensor:
        """Return the whole numbers, `(outputs, inputs)`."""
        if self.bits != _PACKED_BITS:
            return self.quantized_kernel
        return unpack_int4(self.quantized_kernel, self.out_features, axis=0, dtype="uint8")

    def extra_repr(self) -> str:
        """Show the sizes."""
        sizes = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{sizes}, bits={self.bits}"


class UncalibratedLinear(Calibrated, nn.Linear):
    """`nn.Linear` with room for its whole numbers."""

    extra_repr = nn.Linear.extra_repr


class CalibratedLinear(Calibrated):
    """`nn.Linear` with whole numbers in the place of its weight."""

    bias: Tensor | None

    def restored(self, dtype: torch.dtype) -> Tensor:
        """Return the float weight, as far as it has survived.

        Args:
            dtype: Its dtype.
        """
        groups = self.g_idx.to(torch.int32)
        scale = self.scale.index_select(1, groups)
        zero = self.zero.index_select(1, groups).to(scale.dtype)
        weight = (self.whole() - zero) * scale
        if "awq_scales" in self._buffers:
            weight = weight / self.awq_scales
        return weight.to(dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Return the product."""
        product = F.linear(input.detach(), self.restored(input.dtype))
        product = straight(input, product, self.restored)
        return product if self.bias is None else product + self.bias


def start(module: nn.Linear, bits: int, group_size: int, has_scales: bool) -> None:
    """Make a stock module one that waits for data.

    Args:
        module: The module.
        bits: The bits of a weight.
        group_size: How many inputs share a scale; -1 for all.
        has_scales: Whether inputs have scales of their own (AWQ).
    """
    module.__class__ = UncalibratedLinear
    assert isinstance(module, UncalibratedLinear)
    module.make_room(module.weight.detach(), bits, group_size, has_scales)


def finish(module: Calibrated) -> None:
    """Drop the float weight of a module whose whole numbers are there.

    Args:
        module: The module.
    """
    module._parameters.pop("weight", None)
    module.__class__ = CalibratedLinear
