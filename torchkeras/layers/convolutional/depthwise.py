"""`DepthwiseConv1D` and `2D`: convolutions of each channel on its own."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from torchkeras import constraints, initializers, regularizers
from torchkeras._base.messages import positive_int
from torchkeras._state.layout import Depthwise
from torchkeras._state.slot import Slot
from torchkeras.layers.base.channels import to_images
from torchkeras.layers.base.config import encode

from .sliding import Sliding


class DepthwiseConvolution(Sliding):
    """A convolution of each channel on its own over `rank` axes."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._set_window(kernel_size, strides, padding, data_format, dilation_rate)
        self.depth_multiplier = positive_int("depth_multiplier", depth_multiplier)
        self.activation = activation
        self.use_bias = use_bias
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def variable_slots(self) -> dict[str, Slot]:
        kernel = Slot("conv.weight", Depthwise(self.conv.groups), "depthwise")
        return {"kernel": kernel, "bias": Slot("conv.bias")}

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        filters = channels * self.depth_multiplier
        self.conv = self._sliding_module(
            input_shape, channels, filters, groups=channels, bias=self.use_bias
        )

    def call(self, inputs: Tensor) -> Tensor:
        conv = self._modules["conv"]
        return self._finish(self._slide(conv, to_images(inputs, self.data_format)), conv)

    def attribute_config(self) -> dict[str, Any]:
        regularizer = {"activity_regularizer": encode(self.activity_regularizer)}
        return {**super().attribute_config(), **regularizer}


class DepthwiseConv1D(DepthwiseConvolution):
    """A convolution over sequences that gives each channel kernels of its own, and sums none up.

    Args:
        kernel_size: The length of the kernel.
        strides: How far the kernel moves.
        padding: `"valid"` for none, or `"same"` for `steps / strides` outputs (rounded up).
        depth_multiplier: How many kernels each channel has.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the kernel's cells lie apart.
        activation: A name, object or function applied to the outputs.
        use_bias: Whether a bias is added.
        depthwise_initializer: How the kernel starts.
        bias_initializer: How the bias starts.
        depthwise_regularizer: Adds a penalty on the kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        depthwise_constraint: Applied to the kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, channels)`, or `(batch, channels, steps)`.

    Output shape:
        `(batch, new_steps, channels * depth_multiplier)`, or with the channels second.

    Variables:
        kernel: `(kernel_size, channels, depth_multiplier)`; torch keeps it as `conv.weight`,
            `(channels * depth_multiplier, 1, kernel_size)`.
        bias: `(channels * depth_multiplier,)`.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.DepthwiseConv1D(3, depth_multiplier=2)
        >>> tuple(layer(torch.ones(2, 6, 3)).shape)
        (2, 4, 6)
    """

    rank = 1


class DepthwiseConv2D(DepthwiseConvolution):
    """A convolution over images that gives each channel kernels of its own, and sums none up.

    Args:
        kernel_size: Height and width of the kernel; one number serves for both.
        strides: How far the kernel moves down and right; one number serves for both.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        depth_multiplier: How many kernels each channel has.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the kernel's cells lie apart.
        activation: A name, object or function applied to the outputs.
        use_bias: Whether a bias is added.
        depthwise_initializer: How the kernel starts.
        bias_initializer: How the bias starts.
        depthwise_regularizer: Adds a penalty on the kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        depthwise_constraint: Applied to the kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        `(batch, new_height, new_width, channels * depth_multiplier)`, or with the channels second.

    Variables:
        kernel: `(*kernel_size, channels, depth_multiplier)`; torch keeps it as `conv.weight`,
            `(channels * depth_multiplier, 1, *kernel_size)`.
        bias: `(channels * depth_multiplier,)`.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.DepthwiseConv2D(3, depth_multiplier=2)
        >>> tuple(layer(torch.ones(2, 6, 6, 3)).shape)
        (2, 4, 4, 6)
    """

    rank = 2

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            depth_multiplier=depth_multiplier,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
