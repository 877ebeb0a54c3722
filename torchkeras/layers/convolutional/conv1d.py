"""`Conv1D`: a convolution over the steps of sequences."""

from .convolution import Convolution


class Conv1D(Convolution):
    """A convolution over sequences: `activation(conv(inputs, kernel) + bias)`.

    Args:
        filters: The number of output channels.
        kernel_size: The length of the kernel.
        strides: How far the kernel moves.
        padding: `"valid"` for none, `"same"` for `steps / strides` outputs (rounded up), or
            `"causal"` for outputs that see no later input.
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
        `(batch, steps, channels)`, or `(batch, channels, steps)`.

    Output shape:
        `(batch, new_steps, filters)`, or `(batch, filters, new_steps)`.

    Variables:
        kernel: `(kernel_size, channels / groups, filters)`; torch keeps it as `conv.weight`,
            `(filters, channels / groups, kernel_size)`.
        bias: `(filters,)`.

    Raises:
        ValueError: If an argument is none of those above, or the kernel is longer than the input.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.Conv1D(8, 3, padding="causal")
        >>> tuple(layer(torch.ones(2, 10, 4)).shape)
        (2, 10, 8)
    """

    rank = 1
