"""`Conv2D`: a convolution over images."""

from collections.abc import Sequence
from typing import Any

from .convolution import Convolution


class Conv2D(Convolution):
    """A convolution over images: `activation(conv(inputs, kernel) + bias)`.

    Args:
        filters: The number of output channels.
        kernel_size: Height and width of the kernel; one number serves for both.
        strides: How far the kernel moves down and right; one number serves for both.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the kernel's cells lie apart; above 1 only where `strides` is 1.
        groups: In how many parts the channels are split, each with kernels of its own.
        activation: A name, object or function applied to the outputs.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        bias_initializer: How the bias starts.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        **kwargs: The keyword arguments of `Layer`, and `lora_rank` and `lora_alpha`, of `Dense`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        `(batch, new_height, new_width, filters)`, or `(batch, filters, new_height, new_width)`.

    Variables:
        kernel: `(*kernel_size, channels / groups, filters)`; torch keeps it as `conv.weight`,
            `(filters, channels / groups, *kernel_size)`.
        bias: `(filters,)`.

    Raises:
        ValueError: If an argument is none of those above, or the kernel is larger than the input.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.Conv2D(8, 3, strides=2, padding="same")
        >>> tuple(layer(torch.ones(2, 10, 10, 3)).shape)
        (2, 5, 5, 8)
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
        groups: int = 1,
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
            data_format=data_format,
            dilation_rate=dilation_rate,
            groups=groups,
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
