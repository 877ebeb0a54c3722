"""`Conv1DTranspose`, `2D` and `3D`: convolutions in the opposite direction."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from torchkeras import constraints, initializers, regularizers
from torchkeras._base.geometry import transposed_crop
from torchkeras._base.messages import positive_int
from torchkeras._state.layout import conv_kernel
from torchkeras._state.slot import Slot
from torchkeras.layers.base.arguments import sizes
from torchkeras.layers.base.channels import to_first, to_last
from torchkeras.layers.base.config import encode

from .sliding import Sliding

_TRANSPOSED: dict[int, type[nn.Module]] = {
    1: nn.ConvTranspose1d,
    2: nn.ConvTranspose2d,
    3: nn.ConvTranspose3d,
}


class TransposedConvolution(Sliding):
    """A transposed convolution over `rank` axes."""

    # What is cut off the end of each axis after torch's convolution.
    _surplus: tuple[int, ...] = ()

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._set_window(kernel_size, strides, padding, data_format, dilation_rate)
        self._refuse_dilated_strides()
        self.filters = positive_int("filters", filters)
        self.output_padding = self._checked(output_padding)
        self.activation = activation
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def _checked(self, output_padding: Any) -> tuple[int, ...] | None:
        if output_padding is None:
            return None
        checked = sizes("output_padding", output_padding, self.rank, 0)
        if any(extra >= stride for extra, stride in zip(checked, self.strides, strict=True)):
            raise ValueError(
                "`output_padding` must be below `strides` along each axis. Received: "
                f"output_padding={output_padding}, strides={self.strides}."
            )
        return checked

    def variable_slots(self) -> dict[str, Slot]:
        return {"kernel": Slot("conv.weight", conv_kernel(self.rank)), "bias": Slot("conv.bias")}

    def build(self, input_shape: Any) -> None:
        crops = [self._crops(axis) for axis in range(self.rank)]
        # torch cuts `padding` off both ends and then adds `output_padding` to the second.
        made = self.stock(
            _TRANSPOSED[self.rank],
            self._channels(input_shape),
            self.filters,
            self.kernel_size,
            stride=self.strides,
            padding=tuple(before for before, _ in crops),
            output_padding=tuple(max(before - after, 0) for before, after in crops),
            dilation=self.dilation_rate,
            bias=self.use_bias,
        )
        self.conv = self._in_memory_format(made)
        surplus = tuple(max(after - before, 0) for before, after in crops)
        object.__setattr__(self, "_surplus", surplus)

    def _crops(self, axis: int) -> tuple[int, int]:
        """Return how much of the whole result Keras cuts off both ends of an axis."""
        window, stride = self.kernel_size[axis], self.strides[axis]
        extra = None if self.output_padding is None else self.output_padding[axis]
        return transposed_crop(window, stride, self.dilation_rate[axis], self.padding, extra)

    def call(self, inputs: Tensor) -> Tensor:
        conv: Any = self._modules["conv"]
        last = self.data_format == "channels_last"
        outputs: Tensor = conv(to_first(inputs) if last else inputs)
        for axis, surplus in enumerate(self._surplus, 2):
            if surplus:
                outputs = outputs.narrow(axis, 0, outputs.shape[axis] - surplus)
        outputs = to_last(outputs) if last else outputs
        return outputs if self._activate is None else self._activate(outputs)

    def attribute_config(self) -> dict[str, Any]:
        regularizer = {"activity_regularizer": encode(self.activity_regularizer)}
        return {**super().attribute_config(), **regularizer}


class Conv1DTranspose(TransposedConvolution):
    """A transposed convolution over sequences, which makes them larger.

    Its output is the gradient of a `Conv1D` with the same arguments with respect to its input.

    Args:
        filters: The number of output channels.
        kernel_size: The length of the kernel.
        strides: How far the kernel moves.
        padding: `"valid"` for the whole result, or `"same"` for `steps * strides` outputs.
        output_padding: How much to add at the end; below `strides`. Follows from `padding` if not
            given.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the kernel's cells lie apart; above 1 only where `strides` is 1.
        activation: A name, object or function applied to the outputs.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        bias_initializer: How the bias starts.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, channels)`, or `(batch, channels, steps)`.

    Output shape:
        `(batch, new_steps, filters)`, or with the filters second.

    Variables:
        kernel: `(kernel_size, filters, channels)`; torch keeps it as `conv.weight`, `(channels,
            filters, kernel_size)`.
        bias: `(filters,)`.

    Source:
        Zeiler et al. 2010, https://doi.org/10.1109/CVPR.2010.5539957

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.Conv1DTranspose(8, 3, strides=2, padding="same")
        >>> tuple(layer(torch.ones(2, 5, 3)).shape)
        (2, 10, 8)
    """

    rank = 1


class Conv2DTranspose(TransposedConvolution):
    """A transposed convolution over images, which makes them larger.

    Its output is the gradient of a `Conv2D` with the same arguments with respect to its input.

    Args:
        filters: The number of output channels.
        kernel_size: Height and width of the kernel; one number serves for both.
        strides: How far the kernel moves down and right; one number serves for both.
        padding: `"valid"` for the whole result, or `"same"` for `size * strides` outputs.
        output_padding: How much to add at the end; below `strides`. Follows from `padding` if not
            given.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the kernel's cells lie apart; above 1 only where `strides` is 1.
        activation: A name, object or function applied to the outputs.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        bias_initializer: How the bias starts.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        `(batch, new_height, new_width, filters)`, or with the filters second.

    Variables:
        kernel: `(*kernel_size, filters, channels)`; torch keeps it as `conv.weight`, `(channels,
            filters, *kernel_size)`.
        bias: `(filters,)`.

    Source:
        Zeiler et al. 2010, https://doi.org/10.1109/CVPR.2010.5539957

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.Conv2DTranspose(8, 3, strides=2, padding="same")
        >>> tuple(layer(torch.ones(2, 5, 5, 3)).shape)
        (2, 10, 10, 8)
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            output_padding=output_padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )


class Conv3DTranspose(TransposedConvolution):
    """A transposed convolution over volumes, which makes them larger.

    Its output is the gradient of a `Conv3D` with the same arguments with respect to its input.

    Args:
        filters: The number of output channels.
        kernel_size: Depth, height and width of the kernel; one number serves for all.
        strides: How far the kernel moves along each axis; one number serves for all.
        padding: `"valid"` for the whole result, or `"same"` for `size * strides` outputs.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        output_padding: How much to add at the end; below `strides`. Follows from `padding` if not
            given.
        dilation_rate: How far the kernel's cells lie apart; above 1 only where `strides` is 1.
        activation: A name, object or function applied to the outputs.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        bias_initializer: How the bias starts.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.

    Output shape:
        `(batch, new_depth, new_height, new_width, filters)`, or with the filters second.

    Variables:
        kernel: `(*kernel_size, filters, channels)`; torch keeps it as `conv.weight`, `(channels,
            filters, *kernel_size)`.
        bias: `(filters,)`.

    Source:
        Zeiler et al. 2010, https://doi.org/10.1109/CVPR.2010.5539957

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.Conv3DTranspose(8, 3, strides=2, padding="same")
        >>> tuple(layer(torch.ones(2, 2, 2, 2, 3)).shape)
        (2, 4, 4, 4, 8)
    """

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: int | Sequence[int] | None = None,
        dilation_rate: int | Sequence[int] = (1, 1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            output_padding=output_padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
