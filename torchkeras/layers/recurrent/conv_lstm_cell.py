"""The cell of `ConvLSTM1D`, `ConvLSTM2D` and `ConvLSTM3D`."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from torchkeras import activations, constraints, initializers, regularizers
from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import positive_int
from torchkeras._state.layout import conv_kernel
from torchkeras._state.slot import Slot
from torchkeras.activations.lookup import kernel as kernel_of
from torchkeras.layers.base.calling import cast_variables, put_back
from torchkeras.layers.base.channels import from_images, to_images
from torchkeras.layers.base.geometry import spatial
from torchkeras.layers.convolutional.padding import SamePadding
from torchkeras.layers.convolutional.sliding import CONVOLUTIONS, Sliding
from torchkeras.random import SeedGenerator

from .dropout import CellDropout, Masks, over_steps

_ROLES = ("kernel", "recurrent", "bias")


class ConvLSTMCell(CellDropout, Sliding):
    """One step of an LSTM whose products are convolutions.

    The inputs' part is convolved for all steps of a sequence at once.

    Args:
        filters: The channels of the states and of the output.
        window: Kernel size, strides, padding, data format and dilation rate.
        functions: The activation and the recurrent activation.
        use_bias: Whether a bias is added.
        unit_forget_bias: Whether the forget gate's bias starts at one.
        given: The initializers, regularizers and constraints, each three: for the kernel, the
            recurrent kernel and the bias.
        dropout: The part of the inputs that is dropped in training.
        recurrent_dropout: The part of the state that is dropped in training.
        seed: A seed for dropout.
        **kwargs: The keyword arguments of `Layer`.
    """

    gates = 4
    runs_whole: ClassVar[bool] = True
    slow_reason = "torch has no kernel for convolutional LSTMs"

    def __init__(
        self,
        filters: int,
        window: Sequence[Any],
        functions: Sequence[Any],
        *,
        use_bias: bool,
        unit_forget_bias: bool,
        given: Sequence[Sequence[Any]],
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)  # drawn before the initializers' seeds, as Keras
        self.filters = positive_int("filters", filters)
        kernel_size, strides, padding, data_format, dilation_rate = window
        self._set_window(kernel_size, strides, padding, data_format, dilation_rate)
        self._refuse_dilated_strides()
        self.recurrent_activation = activations.get(functions[1])
        self.activation = functions[0]
        self.use_bias = use_bias
        self.unit_forget_bias = unit_forget_bias
        for index, role in enumerate(_ROLES):
            setattr(self, f"{role}_initializer", initializers.get(given[0][index]))
            setattr(self, f"{role}_regularizer", regularizers.get(given[1][index]))
            setattr(self, f"{role}_constraint", constraints.get(given[2][index]))
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.implementation = 1  # other factors for each gate
        self.state_size = [self.filters, self.filters]

    # Weights

    def variable_slots(self) -> dict[str, Slot]:
        """Return where torch's convolutions keep the weights."""
        layout = conv_kernel(self.rank)
        return {
            "kernel": Slot("input_conv.weight", layout),
            "recurrent_kernel": Slot("recurrent_conv.weight", layout, "recurrent"),
            "bias": Slot("input_conv.bias"),
        }

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        places = spatial(input_shape, self.data_format)
        if None in places:
            raise ValueError(
                "A convolutional LSTM needs to know the sizes of the axes that it slides over. "
                f"Received: inputs of shape {tuple(input_shape)} at each step. Give `Input` a "
                "shape in which they are known."
            )
        object.__setattr__(self, "_step_shape", tuple(input_shape[1:]))
        width = 4 * self.filters
        self.input_conv = self._sliding_module(input_shape, channels, width, bias=self.use_bias)
        one = (1,) * self.rank
        same = SamePadding.for_sizes(self.kernel_size, one, one, places)
        object.__setattr__(self, "_recurrent_same", same)
        made = self.stock(
            CONVOLUTIONS[self.rank],
            self.filters,
            width,
            self.kernel_size,
            padding=same.own,
            bias=False,
        )
        self.recurrent_conv = self._in_memory_format(made)

    def _first_value(self, attribute: str, variable: Any) -> Any:
        start = getattr(self, attribute)
        dtype = self.variable_dtype
        if attribute != "bias_initializer" or not self.unit_forget_bias:
            return start(variable.shape, dtype=dtype)
        first = start((self.filters,), dtype=dtype)
        return torch.cat([first, torch.ones_like(first), start((2 * self.filters,), dtype=dtype)])

    # States

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """Return two states of zeros.

        Args:
            batch_size: The number of sequences.
        """
        shape = self.compute_output_shape((batch_size, *self._step_shape))
        where = self._device if self.built else device.running()
        dtype = to_torch(self.compute_dtype)
        return [torch.zeros(shape, dtype=dtype, device=where) for _ in range(2)]

    def compute_output_shape(self, input_shape: Any, states_shape: Any = None) -> Any:
        """Return the shape of the output of one step.

        Args:
            input_shape: The shape of the inputs of one step.
            states_shape: The shapes of the states; they change nothing.
        """
        sizes = spatial(input_shape, self.data_format)
        windows = zip(sizes, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        made = [
            -(-size // stride)
            if self.padding == "same"
            else (size - (window - 1) * apart - 1) // stride + 1
            for size, window, stride, apart in windows
        ]
        if self.data_format == "channels_last":
            return (input_shape[0], *made, self.filters)
        return (input_shape[0], self.filters, *made)

    # Running

    def call(self, inputs: Tensor, states: Any, training: bool | None = False) -> Any:
        mask = self.get_dropout_mask(inputs) if training else None
        recurrent_mask = self.get_recurrent_dropout_mask(states[0]) if training else None
        h, new = self.step(self.project(inputs, mask), list(states), recurrent_mask)
        return h, new

    def project(self, x: Tensor, masks: Masks) -> Tensor:
        """Return what the inputs, of one step or of several, add to the gates.

        Args:
            x: The inputs, with one axis for samples.
            masks: The factors that drop inputs, for each gate.
        """
        conv = self._modules["input_conv"]
        return self._by_gate(lambda part: self._slide(conv, part), x, masks)

    def step(
        self, projected: Tensor, states: list[Tensor], masks: Masks
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the output and the new states of one step.

        Args:
            projected: What `project` returned for this step.
            states: The states before it.
            masks: The factors that drop the state, for each gate.
        """
        h, c = states
        activate, open_gate = kernel_of(self.activation), kernel_of(self.recurrent_activation)
        gates = projected + self._by_gate(self._feed_back, h, masks)
        i, f, g, o = gates.chunk(4, self._channel_axis)
        c = open_gate(f) * c + open_gate(i) * activate(g)
        h = open_gate(o) * activate(c)
        return h, [h, c]

    def _feed_back(self, images: Tensor) -> Tensor:
        conv: Any = self._on_images(self._modules["recurrent_conv"])
        return self._recurrent_same.apply(conv, images)

    def _by_gate(self, conv: Callable[[Tensor], Tensor], x: Tensor, masks: Masks) -> Tensor:
        """Convolve, with other parts dropped for each gate where factors are given."""
        if not isinstance(masks, list):
            images = conv(to_images(x, self.data_format))
            return from_images(images, self.data_format, self.rank)
        made = [self._by_gate(conv, x * mask, None) for mask in masks]
        axis = self._channel_axis
        parts = [y.chunk(4, axis)[gate] for gate, y in enumerate(made)]
        return torch.cat(parts, axis)

    @property
    def _channel_axis(self) -> int:
        return -1 if self.data_format == "channels_last" else 1

    def run(
        self, x: Tensor, states: list[Tensor], valid: Tensor | None, training: bool | None
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the outputs of all steps and the states after the last.

        Args:
            x: The inputs, (batch, steps, ...).
            states: The states before the first step.
            valid: `True` for the steps that count, which come first in each sequence; the states
                returned are then those after the last of them.
            training: Whether inputs and states are dropped.
        """
        if not self.casts_variables:
            return self._run(x, states, valid, training)
        swapped = cast_variables(self)
        try:
            return self._run(x, states, valid, training)
        finally:
            put_back(swapped)

    def _run(
        self, x: Tensor, states: list[Tensor], valid: Tensor | None, training: bool | None
    ) -> tuple[Tensor, list[Tensor]]:
        x = x.to(self.torch_dtype)
        mask = self._drawn(x[:, 0], self.dropout) if training else None
        recurrent_mask = self._drawn(states[0], self.recurrent_dropout) if training else None
        outputs = []
        for index, projected in enumerate(self._project_all(x, mask)):
            output, new = self.step(projected, states, recurrent_mask)
            if valid is not None:
                counts = valid[:, index].reshape(-1, *[1] * (output.dim() - 1))
                new = [torch.where(counts, a, b) for a, b in zip(new, states, strict=True)]
            outputs.append(output)
            states = new
        return torch.stack(outputs, 1), states

    def run_masked(self, *given: Any) -> None:
        """Return `None`: masks go before."""

    def _drawn(self, like: Tensor, rate: float) -> Masks:
        return self.draw_mask(like, rate) if rate < 1 else None

    def _project_all(self, x: Tensor, mask: Masks) -> tuple[Tensor, ...]:
        """Return what the inputs add to the gates, step by step, from one convolution."""
        steps = over_steps(mask)
        if isinstance(steps, list):
            steps = [factor.expand_as(x).flatten(0, 1) for factor in steps]
        made = self.project(x.flatten(0, 1), steps)
        return made.reshape(*x.shape[:2], *made.shape[1:]).unbind(1)


class ConvLSTM1DCell(ConvLSTMCell):
    """One step of a convolutional LSTM over sequences."""

    rank = 1


class ConvLSTM2DCell(ConvLSTMCell):
    """One step of a convolutional LSTM over images."""

    rank = 2


class ConvLSTM3DCell(ConvLSTMCell):
    """One step of a convolutional LSTM over volumes."""

    rank = 3
