"""`LSTM` and its cell: long short-term memory."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import activations

from . import kernels
from .cell import RecurrentCell, last_valid
from .dropout import Masks, gate_products
from .gated import CudnnRNN, from_cell

# Added to a gate, it opens or closes it wholly, in every float dtype.
_SHUT = 1e4


class LSTMCell(RecurrentCell):
    """One step of an LSTM: `c = f * c + i * tanh(g)`, `h = o * tanh(c)`.

    Args:
        units: The size of the state and of the output.
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
        kernel_constraint: Applied to the kernel after each optimizer step.
        recurrent_constraint: Applied to the recurrent kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        dropout: The part of the inputs that is dropped in training, from 0 to 1.
        recurrent_dropout: The part of the state that is dropped in training, from 0 to 1.
        seed: A seed for dropout.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, features)`, and two states `(batch, units)`.

    Output shape:
        `(batch, units)`, and the two new states.

    Variables:
        kernel: `(features, 4 * units)`, gates i, f, g, o; torch keeps it transposed in
            `lstm.weight_ih_l0`, where it has a kernel for the activations.
        recurrent_kernel: `(units, 4 * units)`; `lstm.weight_hh_l0`.
        bias: `(4 * units,)`; `lstm.bias_ih_l0`. torch's second bias is a buffer of zeros.

    Source:
        Hochreiter and Schmidhuber 1997, https://www.bioinf.jku.at/publications/older/2604.pdf

    Example:
        >>> import torch, torchkeras
        >>> rnn = torchkeras.layers.RNN(torchkeras.layers.LSTMCell(4))
        >>> tuple(rnn(torch.ones(2, 5, 3)).shape)
        (2, 4)
    """

    gates = 4
    module_name = "lstm"

    def __init__(
        self,
        units: int,
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
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]
        stock = self.inner is torch.tanh and self.gate is torch.sigmoid
        self.choose_kernel(
            "lstm" if stock else None,
            "torch has kernels for activation='tanh', recurrent_activation='sigmoid' only",
        )

    def start_of(self, role: str) -> Any:
        """Return the initializer of the kernel, the recurrent kernel or the bias."""
        start = super().start_of(role)
        return self._start_bias if role == "bias" and self.unit_forget_bias else start

    def _start_bias(self, shape: Any, **kwargs: Any) -> Tensor:
        start = super().start_of("bias")
        first, rest = start((self.units,), **kwargs), start((2 * self.units,), **kwargs)
        return torch.cat([first, torch.ones_like(first), rest])

    def step(
        self, projected: Tensor, states: list[Tensor], weights: list[Any], mask: Masks
    ) -> tuple[Tensor, list[Tensor]]:
        h, c = states
        i, f, g, o = (projected + gate_products(h, weights[1], mask)).chunk(4, -1)
        c = self.gate(f) * c + self.gate(i) * self.inner(g)
        h = self.gate(o) * self.inner(c)
        return h, [h, c]

    def run_kernel_to_last_valid(
        self, x: Tensor, states: list[Tensor], valid: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the outputs of all steps, and the states after the last valid one.

        The kernel returns no `c` but the last. So it gets one feature more, which on the steps
        after the last valid one opens the forget gate and shuts the input gate: `c` stays, exactly.
        """
        module = self._modules[self.module_name]
        if not (torch.compiler.is_compiling() or kernels.is_plain(module)):
            lengths = valid.sum(1)
            y, last = kernels.run_module(module, x, states, lengths.clamp(min=1))
            seen = (lengths > 0).unsqueeze(1)
            return y, [torch.where(seen, a, b) for a, b in zip(last, states, strict=True)]
        weight, *others = self._stores.weights(x.dtype)
        shut = weight.new_full((self.units, 1), _SHUT)
        column = torch.cat([-shut, shut, torch.zeros_like(shut), torch.zeros_like(shut)])
        weights = kernels.in_one_piece([torch.cat([weight, column], 1), *others])
        counts = valid.unsqueeze(-1)
        stopped = torch.cat([torch.where(counts, x, 0), (~counts).to(x.dtype)], -1)
        y, (_, c) = kernels.run("lstm", stopped, states, weights)
        return y, [last_valid(y, valid, states[0]), c]


class LSTM(CudnnRNN):
    """Long short-term memory over a sequence, on torch's `nn.LSTM`.

    Args:
        units: The size of the states and of the output.
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
        unroll: Kept for Keras's signature; the numbers are the same.
        use_cudnn: `False` keeps cuDNN out of it; `True` insists on torch's kernel.
        **kwargs: `zero_output_for_mask`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, features)`; the mask, if any, `(batch, steps)`.

    Output shape:
        `(batch, units)`, or `(batch, steps, units)` with `return_sequences`; with `return_state`
        also `h` and `c`, `(batch, units)` each.

    Variables:
        cell.kernel: `(features, 4 * units)`, gates i, f, g, o; torch keeps it transposed in
            `cell.lstm.weight_ih_l0`, where it has a kernel for the arguments.
        cell.recurrent_kernel: `(units, 4 * units)`; `cell.lstm.weight_hh_l0`.
        cell.bias: `(4 * units,)`; `cell.lstm.bias_ih_l0`.

    Differs from Keras:
        `slow_reason` says why the steps run one by one, where torch has no kernel; else `None`.

    Source:
        Hochreiter and Schmidhuber 1997, https://www.bioinf.jku.at/publications/older/2604.pdf

    Example:
        >>> import torch, torchkeras
        >>> lstm = torchkeras.layers.LSTM(4, return_sequences=True, return_state=True)
        >>> y, h, c = lstm(torch.ones(2, 5, 3))
        >>> tuple(y.shape), tuple(h.shape), tuple(c.shape)
        ((2, 5, 4), (2, 4), (2, 4))
    """

    def __init__(
        self,
        units: int,
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
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = LSTMCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            implementation=kwargs.pop("implementation", 2),
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="lstm_cell",
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
        self.use_cudnn = use_cudnn

    recurrent_activation = from_cell("recurrent_activation")
    unit_forget_bias = from_cell("unit_forget_bias")
    lstm = from_cell("lstm")
