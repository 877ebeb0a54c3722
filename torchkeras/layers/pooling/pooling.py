"""What the poolings with a window share: its arguments, Keras's "same" padding, axis order."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from torch import Tensor

from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.base.arguments import padding_mode, sizes
from torchkeras.layers.base.channels import from_images, to_images
from torchkeras.layers.base.geometry import check_fits, same_padding, spatial
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer

Pads = tuple[tuple[int, int], ...]
_T = TypeVar("_T")


class Pooling(Layer):
    """A layer that reduces the entries under a window to one."""

    rank: ClassVar[int]
    _window: tuple[tuple[int, ...], tuple[int, ...]]

    built = True

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None,
        padding: str,
        data_format: str | None,
        name: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = sizes("pool_size", pool_size, self.rank)
        self.strides = sizes("strides", pool_size if strides is None else strides, self.rank)
        self.padding = padding_mode(padding)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        # The window and its strides, as torch's kernels for images take them.
        window = self._with_row(self.pool_size, 1), self._with_row(self.strides, 1)
        object.__setattr__(self, "_window", window)

    def call(self, inputs: Tensor) -> Tensor:
        if self.padding == "valid":
            return from_images(self._pool_valid(inputs), self.data_format, self.rank)
        places = spatial(inputs.shape, self.data_format)
        windows = zip(places, self.pool_size, self.strides, strict=True)
        pads = self._with_row([same_padding(*window) for window in windows], (0, 0))
        pooled = self._pool_same(to_images(inputs, self.data_format), pads)
        return from_images(pooled, self.data_format, self.rank)

    def _pool(self, x: Tensor) -> Tensor:
        """Pool tensors with the channels second, without padding."""
        raise NotImplementedError

    def _pool_same(self, x: Tensor, pads: Pads) -> Tensor:
        """Pool tensors with the channels second, padded so before and after each axis."""
        raise NotImplementedError

    def _pool_valid(self, inputs: Tensor) -> Tensor:
        try:
            return self._pool(to_images(inputs, self.data_format))
        except RuntimeError:
            places = spatial(inputs.shape, self.data_format)
            check_fits(self.name, "pool_size", self.pool_size, places, self.pool_size)
            raise

    def _with_row(self, values: Sequence[_T], for_the_row: _T) -> tuple[_T, ...]:
        return (for_the_row, *values) if self.rank == 1 else tuple(values)


def torch_order(pads: Pads) -> list[int]:
    """Return what `torch.nn.functional.pad` takes: the last axis first."""
    return [n for pair in reversed(pads) for n in pair]
