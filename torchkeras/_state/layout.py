"""How a variable in Keras's shape lies in torch's parameters.

A layout turns the tensors of torch (`parts`) into the one tensor that Keras shows, and back. Both
ways are differentiable. `is_view` says that the Keras tensor shares memory with the parts, so that
writing into it writes into them.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


class Layout(ABC):
    """The correspondence between one Keras variable and the torch tensors that hold it."""

    is_view: bool = True

    @abstractmethod
    def to_keras(self, *parts: Tensor) -> Tensor:
        """Return the tensor in Keras's shape."""

    @abstractmethod
    def to_torch(self, value: Tensor) -> tuple[Tensor, ...]:
        """Return the tensors in torch's shapes, one for each part."""


@dataclass(frozen=True)
class Same(Layout):
    """Keras and torch agree."""

    def to_keras(self, *parts: Tensor) -> Tensor:
        return parts[0]

    def to_torch(self, value: Tensor) -> tuple[Tensor, ...]:
        return (value,)


@dataclass(frozen=True)
class Permuted(Layout):
    """Keras's axis `i` is torch's axis `dims[i]`."""

    dims: tuple[int, ...]

    def to_keras(self, *parts: Tensor) -> Tensor:
        return parts[0].permute(self.dims)

    def to_torch(self, value: Tensor) -> tuple[Tensor, ...]:
        inverse = sorted(range(len(self.dims)), key=self.dims.__getitem__)
        return (value.permute(inverse),)


@dataclass(frozen=True)
class Reshaped(Layout):
    """`inner`, with the axes of Keras's side split or merged: `shape` in Keras, `flat` below."""

    inner: Layout
    flat: tuple[int, ...]
    shape: tuple[int, ...]

    def to_keras(self, *parts: Tensor) -> Tensor:
        return self.inner.to_keras(*parts).reshape(self.shape)

    def to_torch(self, value: Tensor) -> tuple[Tensor, ...]:
        return self.inner.to_torch(value.reshape(self.flat))


@dataclass(frozen=True)
class Depthwise(Layout):
    """Keras's (spatial, in, multiplier) in torch's (in * multiplier, 1, spatial)."""

    channels: int

    def to_keras(self, *parts: Tensor) -> Tensor:
        kernel = parts[0]
        split = kernel.reshape(self.channels, -1, *kernel.shape[2:])
        return split.permute(*range(2, split.ndim), 0, 1)

    def to_torch(self, value: Tensor) -> tuple[Tensor, ...]:
        moved = value.permute(-2 % value.ndim, -1 % value.ndim, *range(value.ndim - 2))
        return (moved.flatten(0, 1).unsqueeze(1),)


@dataclass(frozen=True)
class BlockOrder(Layout):
    """`inner`, with equal blocks along the last axis of Keras's side in another order.

    Keras's block `i` is torch's block `order[i]`; a gather, so not a view.
    """

    inner: Layout
    order: tuple[int, ...]
    is_view = False

    def to_keras(self, *parts: Tensor) -> Tensor:
        return _reorder(self.inner.to_keras(*parts), self.order)

    def to_torch(self, value: Tensor) -> tuple[Tensor, ...]:
        inverse = sorted(range(len(self.order)), key=self.order.__getitem__)
        return self.inner.to_torch(_reorder(value, inverse))


def _reorder(tensor: Tensor, order: Sequence[int]) -> Tensor:
    blocks = tensor.chunk(len(order), dim=-1)
    return torch.cat([blocks[index] for index in order], dim=-1)


@dataclass(frozen=True)
class Stacked(Layout):
    """Keras keeps in one tensor, along a new first axis, what torch keeps in several."""

    is_view = False

    def to_keras(self, *parts: Tensor) -> Tensor:
        return torch.stack(parts)

    def to_torch(self, value: Tensor) -> tuple[Tensor, ...]:
        return value.unbind(0)


SAME = Same()
TRANSPOSED = Permuted((1, 0))


def conv_kernel(spatial_dims: int) -> Permuted:
    """Return the layout of a convolution: (spatial, in, out) in Keras, (out, in, spatial) below."""
    return Permuted((*range(2, spatial_dims + 2), 1, 0))
