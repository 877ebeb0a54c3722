"""`SeparableConv1D` and `2D`: each channel on its own first, then all channels at each place."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from torchkeras import constraints, initializers, regularizers
from torchkeras._base.messages import positive_int
from torchkeras._state.layout import Depthwise, conv_kernel
from torchkeras._state.slot import Slot
from torchkeras.layers.base.channels import to_images
from torchkeras.layers.base.config import encode

from .sliding import CONVOLUTIONS, Sliding


class SeparableConvolution(Sliding):
    """A depthwise convolution over `rank` axes, and one with kernels of size 1 after it."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._set_window(kernel_size, strides, padding, data_format, dilation_rate)
        self.filters = positive_int("filters", filters)
        self.depth_multiplier = positive_int("depth_multiplier", depth_multiplier)
        self.activation = activation
        self.use_bias = use_bias
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def variable_slots(self) -> dict[str, Slot]:
        each = Depthwise(self.depthwise.groups)
        return {
            "depthwise_kernel": Slot("depthwise.weight", each, "depthwise"),
            "pointwise_kernel": Slot("pointwise.weight", conv_kernel(self.rank), "pointwise"),
            "bias": Slot("pointwise.bias"),
        }

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        between = channels * self.depth_multiplier
        self.depthwise = self._sliding_module(
            input_shape, channels, between, groups=channels, bias=False
        )
        pointwise = self.stock(
            CONVOLUTIONS[self.rank], between, self.filters, 1, bias=self.use_bias
        )
        self.pointwise = self._in_memory_format(pointwise)

    def call(self, inputs: Tensor) -> Tensor:
        images = to_images(inputs, self.data_format)
        between = self._slide(self._modules["depthwise"], images)
        pointwise = self._modules["pointwise"]
        return self._finish(self._on_images(pointwise)(between), pointwise)

    def attribute_config(self) -> dict[str, Any]:
        regularizer = {"activity_regularizer": encode(self.activity_regularizer)}
        return {**super().attribute_config(), **regularizer}


class SeparableConv1D(SeparableConvolution):
    """A convolution over sequences in two parts: each channel's own, then a mix of the channels.

    Args:
        filters: The number of output channels.
        kernel_size: The length of the kernel.
        strides: How far the kernel moves.
        padding: `"valid"` for none, or `"same"` for `steps / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the kernel's cells lie apart.
        depth_multiplier: How many kernels each channel has in the first part.
        activation: A name, object or function applied to the outputs.
        use_bias: Whether a bias is added.
        depthwise_initializer: How the first part's kernel starts.
        pointwise_initializer: How the second part's kernel starts.
        bias_initializer: How the bias starts.
        depthwise_regularizer: Adds a penalty on the first kernel to the loss.
        pointwise_regularizer: Adds a penalty on the second kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        depthwise_constraint: Applied to the first kernel after each optimizer step.
        pointwise_constraint: Applied to the second kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, channels)`, or `(batch, channels, steps)`.

    Output shape:
        `(batch, new_steps, filters)`, or with the filters second.

    Variables:
        depthwise_kernel: `(kernel_size, channels, depth_multiplier)`; torch keeps it as
            `depthwise.weight`, `(channels * depth_multiplier, 1, kernel_size)`.
        pointwise_kernel: `(1, channels * depth_multiplier, filters)`; torch keeps it as
            `pointwise.weight`.
        bias: `(filters,)`.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.SeparableConv1D(8, 3)(torch.ones(2, 6, 3)).shape)
        (2, 4, 8)
    """

    rank = 1


class SeparableConv2D(SeparableConvolution):
    """A convolution over images in two parts: each channel's own, then a mix of the channels.

    Args:
        filters: The number of output channels.
        kernel_size: Height and width of the kernel; one number serves for both.
        strides: How far the kernel moves down and right; one number serves for both.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the kernel's cells lie apart.
        depth_multiplier: How many kernels each channel has in the first part.
        activation: A name, object or function applied to the outputs.
        use_bias: Whether a bias is added.
        depthwise_initializer: How the first part's kernel starts.
        pointwise_initializer: How the second part's kernel starts.
        bias_initializer: How the bias starts.
        depthwise_regularizer: Adds a penalty on the first kernel to the loss.
        pointwise_regularizer: Adds a penalty on the second kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        depthwise_constraint: Applied to the first kernel after each optimizer step.
        pointwise_constraint: Applied to the second kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        `(batch, new_height, new_width, filters)`, or with the filters second.

    Variables:
        depthwise_kernel: `(*kernel_size, channels, depth_multiplier)`; torch keeps it as
            `depthwise.weight`, `(channels * depth_multiplier, 1, *kernel_size)`.
        pointwise_kernel: `(1, 1, channels * depth_multiplier, filters)`; torch keeps it as
            `pointwise.weight`.
        bias: `(filters,)`.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.SeparableConv2D(8, 3)(torch.ones(2, 6, 6, 3)).shape)
        (2, 4, 4, 8)
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            depth_multiplier=depth_multiplier,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
