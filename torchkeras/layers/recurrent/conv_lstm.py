"""`ConvLSTM1D`, `ConvLSTM2D` and `ConvLSTM3D`: LSTMs whose products are convolutions."""

from collections.abc import Sequence
from typing import Any, ClassVar

from torchkeras.layers.base.config import encode
from torchkeras.layers.base.input_spec import InputSpec

from .conv_lstm_cell import ConvLSTM1DCell, ConvLSTM2DCell, ConvLSTM3DCell, ConvLSTMCell
from .gated import SETTINGS, GatedRNN, from_cell
from .rnn import RNN


class ConvLSTM(GatedRNN):
    """The frame of the three: a convolutional LSTM cell over a sequence."""

    cell_class: ClassVar[type[ConvLSTMCell]]

    filters = from_cell("filters")
    kernel_size = from_cell("kernel_size")
    strides = from_cell("strides")
    padding = from_cell("padding")
    data_format = from_cell("data_format")
    dilation_rate = from_cell("dilation_rate")
    recurrent_activation = from_cell("recurrent_activation")
    unit_forget_bias = from_cell("unit_forget_bias")
    seed = from_cell("seed")

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        cell = self.cell_class(
            filters,
            (kernel_size, strides, padding, data_format, dilation_rate),
            (activation, recurrent_activation),
            use_bias=use_bias,
            unit_forget_bias=unit_forget_bias,
            given=(
                (kernel_initializer, recurrent_initializer, bias_initializer),
                (kernel_regularizer, recurrent_regularizer, bias_regularizer),
                (kernel_constraint, recurrent_constraint, bias_constraint),
            ),
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="conv_lstm_cell",
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.input_spec = InputSpec(ndim=cell.rank + 3)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        ndim = self.cell.rank + 3
        if len(sequences_shape) != ndim:
            raise ValueError(
                f"Input 0 of layer {self.name!r} is incompatible with the layer: expected "
                f"ndim={ndim}, found ndim={len(sequences_shape)}. Full shape received: "
                f"{tuple(sequences_shape)}."
            )
        RNN.build(self, sequences_shape, initial_state_shape)
        axes = dict(enumerate(sequences_shape[2:], 2))
        self.input_spec = InputSpec(ndim=ndim, axes=axes)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """Return the shapes of the outputs.

        Args:
            sequences_shape: The shape of the inputs.
            initial_state_shape: The shapes of the initial states; they change nothing.
        """
        batch, steps, *step = sequences_shape
        state = self.cell.compute_output_shape((batch, *step))
        output = (batch, steps, *state[1:]) if self.return_sequences else state
        return (output, state, state) if self.return_state else output

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, read from the layer and its cell."""
        settings = {name: getattr(self, name) for name in SETTINGS}
        penalty = {"activity_regularizer": encode(self.activity_regularizer)}
        return settings | super(GatedRNN, self).attribute_config() | penalty


class ConvLSTM1D(ConvLSTM):
    """A long short-term memory over a sequence of sequences: its products are convolutions.

    Args:
        filters: The channels of the states and of the output.
        kernel_size: The lengths of the window; one number serves for all axes.
        strides: How far the window moves over the inputs.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the window's cells lie apart on the inputs; above 1 only where
            `strides` is 1.
        activation: The activation of candidates and of the output.
        recurrent_activation: The activation of the gates.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        recurrent_initializer: How the recurrent kernel starts.
        bias_initializer: How the bias starts.
        unit_forget_bias: Whether the forget gate's bias starts at one.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        recurrent_regularizer: Adds a penalty on the recurrent kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        recurrent_constraint: Applied to the recurrent kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        dropout: The part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: The part of the state that is dropped in training, from 0 to 1.
        seed: A seed for dropout.
        return_sequences: Whether the outputs of all steps are returned, not only the last.
        return_state: Whether the last states are returned too.
        go_backwards: Whether the sequence runs backwards; outputs stay in that order.
        stateful: Whether a batch starts with the states in which the one before ended.
        **kwargs: `unroll`, `zero_output_for_mask`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, length, channels)`, or `(batch, steps, channels, length)`;
        the mask, if any, `(batch, steps)`.

    Output shape:
        `(batch, new_length, filters)`, or with `return_sequences` `(batch, steps, new_length,
        filters)`, or with the channels first; with `return_state` followed by the two states.

    Variables:
        cell.kernel: `(*kernel_size, channels, 4 * filters)`, gates i, f, g, o; torch keeps it in
            `cell.input_conv.weight`, `(4 * filters, channels, *kernel_size)`.
        cell.recurrent_kernel: `(*kernel_size, filters, 4 * filters)`; `cell.recurrent_conv.weight`.
        cell.bias: `(4 * filters,)`; `cell.input_conv.bias`.

    Raises:
        ValueError: If an argument is none of those above, or a size of the sequences is not known.

    Differs from Keras:
        `activity_regularizer` counts; Keras 3.15 takes it and leaves it. The inputs of all steps
        are convolved at once; only the states are convolved step by step.

    Source:
        Shi et al. 2015, https://arxiv.org/abs/1506.04214

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.ConvLSTM1D(4, 3, padding="same", return_sequences=True)
        >>> tuple(layer(torch.ones(2, 5, 8, 3)).shape)
        (2, 5, 8, 4)
    """

    cell_class = ConvLSTM1DCell


class ConvLSTM2D(ConvLSTM):
    """A long short-term memory over a sequence of images: its products are convolutions.

    Args:
        filters: The channels of the states and of the output.
        kernel_size: The lengths of the window; one number serves for all axes.
        strides: How far the window moves over the inputs.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the window's cells lie apart on the inputs; above 1 only where
            `strides` is 1.
        activation: The activation of candidates and of the output.
        recurrent_activation: The activation of the gates.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        recurrent_initializer: How the recurrent kernel starts.
        bias_initializer: How the bias starts.
        unit_forget_bias: Whether the forget gate's bias starts at one.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        recurrent_regularizer: Adds a penalty on the recurrent kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        recurrent_constraint: Applied to the recurrent kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        dropout: The part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: The part of the state that is dropped in training, from 0 to 1.
        seed: A seed for dropout.
        return_sequences: Whether the outputs of all steps are returned, not only the last.
        return_state: Whether the last states are returned too.
        go_backwards: Whether the sequence runs backwards; outputs stay in that order.
        stateful: Whether a batch starts with the states in which the one before ended.
        **kwargs: `unroll`, `zero_output_for_mask`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, height, width, channels)`, or `(batch, steps, channels, height, width)`;
        the mask, if any, `(batch, steps)`.

    Output shape:
        `(batch, new_height, new_width, filters)`, or with `return_sequences` `(batch, steps,
        new_height, new_width, filters)`, or with the channels first; with `return_state` followed
        by the two states.

    Variables:
        cell.kernel: `(*kernel_size, channels, 4 * filters)`, gates i, f, g, o; torch keeps it in
            `cell.input_conv.weight`, `(4 * filters, channels, *kernel_size)`.
        cell.recurrent_kernel: `(*kernel_size, filters, 4 * filters)`; `cell.recurrent_conv.weight`.
        cell.bias: `(4 * filters,)`; `cell.input_conv.bias`.

    Raises:
        ValueError: If an argument is none of those above, or a size of the images is not known.

    Differs from Keras:
        `activity_regularizer` counts; Keras 3.15 takes it and leaves it. The inputs of all steps
        are convolved at once; only the states are convolved step by step.

    Source:
        Shi et al. 2015, https://arxiv.org/abs/1506.04214

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.ConvLSTM2D(4, 3, padding="same", return_sequences=True)
        >>> tuple(layer(torch.ones(2, 5, 8, 8, 3)).shape)
        (2, 5, 8, 8, 4)
    """

    cell_class = ConvLSTM2DCell


class ConvLSTM3D(ConvLSTM):
    """A long short-term memory over a sequence of volumes: its products are convolutions.

    Args:
        filters: The channels of the states and of the output.
        kernel_size: The lengths of the window; one number serves for all axes.
        strides: How far the window moves over the inputs.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        dilation_rate: How far the window's cells lie apart on the inputs; above 1 only where
            `strides` is 1.
        activation: The activation of candidates and of the output.
        recurrent_activation: The activation of the gates.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        recurrent_initializer: How the recurrent kernel starts.
        bias_initializer: How the bias starts.
        unit_forget_bias: Whether the forget gate's bias starts at one.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        recurrent_regularizer: Adds a penalty on the recurrent kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        recurrent_constraint: Applied to the recurrent kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        dropout: The part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: The part of the state that is dropped in training, from 0 to 1.
        seed: A seed for dropout.
        return_sequences: Whether the outputs of all steps are returned, not only the last.
        return_state: Whether the last states are returned too.
        go_backwards: Whether the sequence runs backwards; outputs stay in that order.
        stateful: Whether a batch starts with the states in which the one before ended.
        **kwargs: `unroll`, `zero_output_for_mask`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, depth, height, width, channels)`, or with the channels first;
        the mask, if any, `(batch, steps)`.

    Output shape:
        `(batch, new_depth, new_height, new_width, filters)`, or with `return_sequences` the same
        for all steps, or with the channels first; with `return_state` followed by the two states.

    Variables:
        cell.kernel: `(*kernel_size, channels, 4 * filters)`, gates i, f, g, o; torch keeps it in
            `cell.input_conv.weight`, `(4 * filters, channels, *kernel_size)`.
        cell.recurrent_kernel: `(*kernel_size, filters, 4 * filters)`; `cell.recurrent_conv.weight`.
        cell.bias: `(4 * filters,)`; `cell.input_conv.bias`.

    Raises:
        ValueError: If an argument is none of those above, or a size of the volumes is not known.

    Differs from Keras:
        `activity_regularizer` counts; Keras 3.15 takes it and leaves it. The inputs of all steps
        are convolved at once; only the states are convolved step by step.

    Source:
        Shi et al. 2015, https://arxiv.org/abs/1506.04214

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.ConvLSTM3D(4, 3, padding="same", return_sequences=True)
        >>> tuple(layer(torch.ones(2, 3, 4, 4, 4, 3)).shape)
        (2, 3, 4, 4, 4, 4)
    """

    cell_class = ConvLSTM3DCell
