"""What all layers with a kernel that slides share: the window's arguments, padding, axis order."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.base.activated import Activated
from torchkeras.layers.base.arguments import padding_mode, sizes
from torchkeras.layers.base.channels import MEMORY_FORMATS, from_images
from torchkeras.layers.base.geometry import check_fits, spatial
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.base.plain import may_overwrite
from torchkeras.layers.base.weights import known_size
from torchkeras.layers.layer import Layer

from .padding import SamePadding, causal
from .row import RowConvolution

CONVOLUTIONS: dict[int, type[nn.Module]] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


class Sliding(Activated, Layer):
    """A layer whose kernel slides over `rank` axes, and that ends in an activation."""

    computes_in_floats = True
    rank: ClassVar[int]
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    padding: str
    data_format: str
    _same: SamePadding | None = None

    def _set_window(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int],
        padding: str,
        data_format: str | None,
        dilation_rate: int | Sequence[int],
    ) -> None:
        self.kernel_size = sizes("kernel_size", kernel_size, self.rank)
        self.strides = sizes("strides", strides, self.rank)
        self.dilation_rate = sizes("dilation_rate", dilation_rate, self.rank)
        self.padding = padding_mode(padding, causal=self.allows_causal)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _refuse_dilated_strides(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "Either `strides` or `dilation_rate` may be above 1, not both. Received: "
                f"strides={self.strides}, dilation_rate={self.dilation_rate}."
            )

    @property
    def allows_causal(self) -> bool:
        """Whether `padding` may be `"causal"`."""
        return False

    def _channels(self, input_shape: Any) -> int:
        """Return the number of input channels, and remember it for the check of inputs."""
        axis = -1 if self.data_format == "channels_last" else 1
        self.input_spec = InputSpec(
            ndim=self.rank + 2, axes={axis: known_size(input_shape, axis, self)}
        )
        return known_size(input_shape, axis, self)

    def _sliding_module(self, input_shape: Any, channels: int, filters: int, **kwargs: Any) -> Any:
        """Make torch's convolution, which pads as much of `padding` itself as it can."""
        places = spatial(input_shape, self.data_format)
        own: tuple[int, ...] = (0,) * self.rank
        self._same = None
        if self.padding == "same":
            same = SamePadding.for_sizes(self.kernel_size, self.strides, self.dilation_rate, places)
            own, self._same = same.own, None if same.is_all_in_module else same
        elif self.padding == "valid":
            windows = zip(self.kernel_size, self.dilation_rate, strict=True)
            spans = [(window - 1) * apart + 1 for window, apart in windows]
            check_fits(self.name, "kernel_size", self.kernel_size, places, spans)
        made = self.stock(
            CONVOLUTIONS[self.rank],
            channels,
            filters,
            self.kernel_size,
            stride=self.strides,
            padding=own,
            dilation=self.dilation_rate,
            **kwargs,
        )
        return self._in_memory_format(made)

    def _in_memory_format(self, module: nn.Module) -> nn.Module:
        """Lay the kernel out as the inputs lie, so that torch need not do it at every call."""
        memory_format = MEMORY_FORMATS.get(self.rank + 2)
        if memory_format is None or self.data_format == "channels_first":
            return module
        return module.to(memory_format=memory_format)

    def _slide(self, module: Any, images: Tensor) -> Tensor:
        """Run a convolution on images (`to_images`), padded as `padding` says."""
        if self._same is not None:
            return self._same.apply(self._on_images(module), images)
        if self.padding == "causal":
            steps, apart = self.kernel_size[0], self.dilation_rate[0]
            return causal(self._on_images(module), images, steps, apart)
        return self._on_images(module)(images)

    def _on_images(self, module: Any) -> Callable[[Tensor], Tensor]:
        return RowConvolution(module) if self.rank == 1 else module

    def _finish(self, images: Tensor, module: Any) -> Tensor:
        """Apply the activation to what a convolution returned, with the axes in Keras's order."""
        if self._rectifies and may_overwrite(images, module, CONVOLUTIONS[self.rank]):
            return from_images(torch.relu_(images), self.data_format, self.rank)
        outputs = from_images(images, self.data_format, self.rank)
        return outputs if self._activate is None else self._activate(outputs)
