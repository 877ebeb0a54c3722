"""`GRU` and its cell: gated recurrent units."""

from typing import Any

import torch
from torch import Tensor

from torchkeras import activations
from torchkeras._state.layout import TRANSPOSED, BlockOrder, Stacked

from . import choice, kernels
from .cell import RecurrentCell
from .dropout import Masks, gate_products
from .gated import CudnnRNN, from_cell

# Keras has the gates z, r, h; torch has them r, z, n.
_ORDER = (1, 0, 2)


class GRUCell(RecurrentCell):
    """One step of a GRU: `h = z * h + (1 - z) * tanh(x_h + r * (h @ R_h))`.

    Args:
        units: The size of the state and of the output.
        activation: The activation of candidates.
        recurrent_activation: The activation of the gates.
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
        reset_after: Whether the reset gate acts after the product with the recurrent kernel.
        seed: A seed for dropout.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, features)`, and a state `(batch, units)`.

    Output shape:
        `(batch, units)`, and the new state.

    Variables:
        kernel: `(features, 3 * units)`, gates z, r, h; torch keeps it transposed, gates r, z, h,
            in `gru.weight_ih_l0`, where it has a kernel for the arguments.
        recurrent_kernel: `(units, 3 * units)`; `gru.weight_hh_l0`, likewise.
        bias: `(2, 3 * units)`, of inputs and state, in `gru.bias_ih_l0` and `gru.bias_hh_l0`;
            `(3 * units,)` if `reset_after` is false.

    Source:
        Cho et al. 2014, https://arxiv.org/abs/1406.1078

    Example:
        >>> import torch, torchkeras
        >>> rnn = torchkeras.layers.RNN(torchkeras.layers.GRUCell(4))
        >>> tuple(rnn(torch.ones(2, 5, 3)).shape)
        (2, 4)
    """

    gates = 3
    module_name = "gru"
    matrix_layout = BlockOrder(TRANSPOSED, _ORDER)
    bias_layout = BlockOrder(Stacked(), _ORDER)
    one_bias = False

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
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
        self.reset_after = reset_after
        self.state_size = self.units
        stock = self.inner is torch.tanh and self.gate is torch.sigmoid and reset_after
        self.choose_kernel(
            "gru" if stock else None,
            "torch has a kernel for activation='tanh', recurrent_activation='sigmoid' and "
            "reset_after=True only",
        )

    def bias_shape(self) -> tuple[int, ...]:
        """Return the shape of a bias that is not in torch's module."""
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def project(self, x: Tensor, weights: list[Any], mask: Masks) -> Tensor:
        """Return what the inputs, of one step or of all, add to the gates.

        Args:
            x: The inputs.
            weights: What `step_weights` returned.
            mask: The factors that drop inputs.
        """
        product = gate_products(x, weights[0], mask)
        if weights[2] is None:
            return product
        return product + (weights[2][0] if self.reset_after else weights[2])

    def step(
        self, projected: Tensor, states: list[Tensor], weights: list[Any], mask: Masks
    ) -> tuple[Tensor, list[Tensor]]:
        (h,) = states
        combine = self._reset_after_product if self.reset_after else self._reset_before_product
        z, candidate = combine(projected, h, weights, mask)
        h = z * h + (1 - z) * self.inner(candidate)
        return h, [h]

    def run_masked(
        self, x: Tensor, states: list[Tensor], mask: Tensor, training: bool | None
    ) -> tuple[Tensor, list[Tensor]] | None:
        """Return the states after all steps, and the last; `None` if masks must go before.

        Args:
            x: The inputs, (batch, steps, features).
            states: The states before the first step.
            mask: `True` for the steps that count; the others leave the states alone.
            training: Whether inputs and states are dropped.
        """
        if torch.compiler.is_compiling() or self._goes_by_step(training):
            return None
        x = x.to(self.torch_dtype)
        weights = self._stores.weights(x.dtype)
        is_plain = kernels.is_plain(self._modules[self.module_name])
        if not is_plain or not choice.scans("gru", x, states, weights):
            return None
        if training and self.dropout:
            x = self._dropped(x)
        y, last = choice.scan("gru", x, states[0], weights, mask)
        return y, [last]

    def _reset_after_product(
        self, projected: Tensor, h: Tensor, weights: list[Any], mask: Masks
    ) -> tuple[Tensor, Tensor]:
        product = gate_products(h, weights[1], mask)
        if weights[2] is not None:
            product = product + weights[2][1]
        x_z, x_r, x_h = projected.chunk(3, -1)
        h_z, h_r, h_h = product.chunk(3, -1)
        return self.gate(x_z + h_z), x_h + self.gate(x_r + h_r) * h_h

    def _reset_before_product(
        self, projected: Tensor, h: Tensor, weights: list[Any], mask: Masks
    ) -> tuple[Tensor, Tensor]:
        gates, inner = weights[1].split((2 * self.units, self.units), -1)
        gates_mask, inner_mask = (mask[:2], mask[2]) if isinstance(mask, list) else (mask, mask)
        x_z, x_r, x_h = projected.chunk(3, -1)
        h_z, h_r = gate_products(h, gates, gates_mask).chunk(2, -1)
        r = self.gate(x_r + h_r)
        return self.gate(x_z + h_z), x_h + gate_products(r * h, inner, inner_mask)


class GRU(CudnnRNN):
    """Gated recurrent units over a sequence, on torch's `nn.GRU`.

    Args:
        units: The size of the state and of the output.
        activation: The activation of candidates.
        recurrent_activation: The activation of the gates.
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
        seed: A seed for dropout.
        return_sequences: Whether the outputs of all steps are returned, not only the last.
        return_state: Whether the last state is returned too.
        go_backwards: Whether the sequence runs backwards; outputs stay in that order.
        stateful: Whether a batch starts with the state in which the one before ended.
        unroll: Kept for Keras's signature; the numbers are the same.
        reset_after: Whether the reset gate acts after the product with the recurrent kernel.
        use_cudnn: `False` keeps cuDNN out of it; `True` insists on torch's kernel.
        **kwargs: `zero_output_for_mask`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, features)`; the mask, if any, `(batch, steps)`.

    Output shape:
        `(batch, units)`, or `(batch, steps, units)` with `return_sequences`; with `return_state`
        also the state, `(batch, units)`.

    Variables:
        cell.kernel: `(features, 3 * units)`, gates z, r, h; torch keeps it transposed, gates r, z,
            h, in `cell.gru.weight_ih_l0`, where it has a kernel for the arguments.
        cell.recurrent_kernel: `(units, 3 * units)`; `cell.gru.weight_hh_l0`, likewise.
        cell.bias: `(2, 3 * units)`, in `cell.gru.bias_ih_l0` and `cell.gru.bias_hh_l0`;
            `(3 * units,)` if `reset_after` is false.

    Differs from Keras:
        `slow_reason` says why the steps run one by one, where torch has no kernel; else `None`.

    Source:
        Cho et al. 2014, https://arxiv.org/abs/1406.1078

    Example:
        >>> import torch, torchkeras
        >>> gru = torchkeras.layers.GRU(4, return_sequences=True)
        >>> tuple(gru(torch.ones(2, 5, 3)).shape)
        (2, 5, 4)
        >>> gru.slow_reason is None
        True
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
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = GRUCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
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
            reset_after=reset_after,
            seed=seed,
            implementation=kwargs.pop("implementation", 2),
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="gru_cell",
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
    reset_after = from_cell("reset_after")
    gru = from_cell("gru")
