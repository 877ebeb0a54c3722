"""`SimpleRNN` and its cell: the output is fed back."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import activations

from .cell import RecurrentCell
from .dropout import Masks, gate_products
from .gated import GatedRNN, from_cell

_KINDS = {torch.tanh: "tanh", torch.relu: "relu"}


class SimpleRNNCell(RecurrentCell):
    """One step of a simple recurrent layer: `h = activation(x @ K + h @ R + b)`.

    Args:
        units: The size of the state and of the output.
        activation: The activation of the output.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        recurrent_initializer: How the recurrent kernel starts.
        bias_initializer: How the bias starts.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        recurrent_regularizer: Adds a penalty on the recurrent kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        recurrent_constraint: Applied to the recurrent kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        dropout: The part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: The part of the state that is dropped in training, from 0 to 1.
        seed: A seed for dropout.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, features)`, and a state `(batch, units)`.

    Output shape:
        `(batch, units)`, and the new state.

    Variables:
        kernel: `(features, units)`; torch keeps it transposed in `rnn.weight_ih_l0`, where it has
            a kernel for the activation.
        recurrent_kernel: `(units, units)`; `rnn.weight_hh_l0`.
        bias: `(units,)`; `rnn.bias_ih_l0`. torch's second bias is a buffer of zeros.

    Example:
        >>> import torch, torchkeras
        >>> rnn = torchkeras.layers.RNN(torchkeras.layers.SimpleRNNCell(4))
        >>> tuple(rnn(torch.ones(2, 5, 3)).shape)
        (2, 4)
    """

    gates = 1
    module_name = "rnn"
    seeds_first = True

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            use_bias=use_bias,
            given=(
                (kernel_initializer, recurrent_initializer, bias_initializer),
                (kernel_regularizer, recurrent_regularizer, bias_regularizer),
                (kernel_constraint, recurrent_constraint, bias_constraint),
            ),
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **kwargs,
        )
        self.activation = activations.get(activation)
        self.state_size = self.units
        self.choose_kernel(
            _KINDS.get(self.inner), "torch has kernels for activation='tanh' and 'relu' only"
        )

    def call(self, sequence: Tensor, states: Any, training: bool | None = False) -> Any:
        return super().call(sequence, states, training)

    def step(
        self, projected: Tensor, states: list[Tensor], weights: list[Any], mask: Masks
    ) -> tuple[Tensor, list[Tensor]]:
        h = self.inner(projected + gate_products(states[0], weights[1], mask))
        return h, [h]


class SimpleRNN(GatedRNN):
    """A layer whose output is fed back, over a sequence, on torch's `nn.RNN`.

    Args:
        units: The size of the state and of the output.
        activation: The activation of the output.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        recurrent_initializer: How the recurrent kernel starts.
        bias_initializer: How the bias starts.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        recurrent_regularizer: Adds a penalty on the recurrent kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        recurrent_constraint: Applied to the recurrent kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        dropout: The part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: The part of the state that is dropped in training, from 0 to 1.
        return_sequences: Whether the outputs of all steps are returned, not only the last.
        return_state: Whether the last state is returned too.
        go_backwards: Whether the sequence runs backwards; outputs stay in that order.
        stateful: Whether a batch starts with the state in which the one before ended.
        unroll: Kept for Keras's signature; the numbers are the same.
        seed: A seed for dropout.
        **kwargs: `zero_output_for_mask`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, features)`; the mask, if any, `(batch, steps)`.

    Output shape:
        `(batch, units)`, or `(batch, steps, units)` with `return_sequences`; with `return_state`
        also the state, `(batch, units)`.

    Variables:
        cell.kernel: `(features, units)`; torch keeps it transposed in `cell.rnn.weight_ih_l0`,
            where it has a kernel for the activation.
        cell.recurrent_kernel: `(units, units)`; `cell.rnn.weight_hh_l0`.
        cell.bias: `(units,)`; `cell.rnn.bias_ih_l0`.

    Differs from Keras:
        `activity_regularizer` counts; Keras 3.15 takes it and leaves it. `slow_reason` says why
        the steps run one by one, where torch has no kernel; else `None`.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.SimpleRNN(4)(torch.ones(2, 5, 3)).shape)
        (2, 4)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        cell = SimpleRNNCell(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="simple_rnn_cell",
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )

    rnn = from_cell("rnn")

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`; Keras leaves the seed out."""
        config = super().attribute_config()
        del config["seed"]
        return config
