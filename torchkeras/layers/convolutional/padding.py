"""Keras's paddings around a torch convolution, which can only pad both sides alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from torchkeras.layers.base.geometry import same_padding

Plan = tuple[list[int], list[tuple[int, int, int]]]


@dataclass(frozen=True)
class SamePadding:
    """Keras's "same" padding, as much of it as possible in the torch module itself.

    Attributes:
        kernel: The lengths of the window.
        strides: How far the window moves.
        dilation: How far its cells lie apart.
        own: How much the torch module pads on both sides of each axis.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    own: tuple[int, ...]

    @classmethod
    def for_sizes(
        cls,
        kernel: tuple[int, ...],
        strides: tuple[int, ...],
        dilation: tuple[int, ...],
        sizes: Sequence[int | None],
    ) -> "SamePadding":
        """Choose what the module pads: what inputs of these sizes (`None` if unknown) need."""
        windows = zip(sizes, kernel, strides, dilation, strict=True)
        own = [
            # A multiple of the stride is the size that needs the least.
            same_padding(stride if size is None else size, window, stride, apart)[0]
            for size, window, stride, apart in windows
        ]
        return cls(kernel, strides, dilation, tuple(own))

    @property
    def is_all_in_module(self) -> bool:
        """Whether the module pads all there is to pad, whatever the size of its inputs."""
        spans = [(n - 1) * apart + 1 for n, apart in zip(self.kernel, self.dilation, strict=True)]
        return max(self.strides) == 1 and all(span % 2 for span in spans)

    def apply(self, conv: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Convolve `x` as Keras does with "same" padding."""
        pads, crops = self._plan(x.shape[-len(self.kernel) :])
        y = conv(F.pad(x, pads) if any(pads) else x)
        for axis, start, length in crops:
            y = y.narrow(axis, start, length)
        return y

    def _plan(self, sizes: Sequence[int]) -> Plan:
        """Return what to pad besides the module, and which windows to keep of those it makes.

        Windows must start where Keras's do. Where the module alone pads more than Keras before an
        axis, a stride is filled up and the windows that start too early are left out.
        """
        pads: list[int] = []
        crops: list[tuple[int, int, int]] = []
        for axis, size in enumerate(sizes):
            stride, own = self.strides[axis], self.own[axis]
            before, after = same_padding(size, self.kernel[axis], stride, self.dilation[axis])
            lead = max(before - own, (before - own) % stride)
            trail = max(after - own, 0)
            pads[:0] = (lead, trail)
            early = (own + lead - before) // stride
            if early or own > after:
                crops.append((axis - len(sizes), early, -(-size // stride)))
        return pads, crops


def causal(conv: Callable[[Tensor], Tensor], x: Tensor, kernel: int, dilation: int) -> Tensor:
    """Convolve a sequence so that no output sees a later input."""
    return conv(F.pad(x, (dilation * (kernel - 1), 0)))
