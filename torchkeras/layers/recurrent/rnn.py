"""`RNN`: a cell, or several on top of each other, over a sequence."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base import device
from torchkeras._base.messages import show
from torchkeras._base.nested import leaves_of, map_leaves
from torchkeras._state.masked import plain
from torchkeras._state.variable import Variable
from torchkeras.layers.layer import Layer

from .chain import as_list, check_cell, output_size_of
from .compaction import Compaction, shown
from .mask_follower import MaskFollower
from .sequence import (
    gives_its_state,
    run_cells,
    run_masked,
    slow_reason_of,
    starts_with_zeros,
    zeros_for,
)
from .stacked_rnn_cells import StackedRNNCells


class RNN(MaskFollower):
    """A recurrent layer around a cell.

    Args:
        cell: A cell: an object with `call(inputs, states)`, which returns an output and the new
            states, `state_size` (an integer, or one for each state), and perhaps `output_size`
            and `get_initial_state(batch_size)`. A list of cells is stacked.
        return_sequences: Whether the outputs of all steps are returned, not only the last.
        return_state: Whether the last states are returned too.
        go_backwards: Whether the sequence runs backwards; outputs stay in that order.
        stateful: Whether a batch starts with the states in which the one before ended.
        unroll: Kept for Keras's signature; the numbers are the same.
        zero_output_for_mask: Whether outputs of masked steps are zero; otherwise they repeat the
            output before.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, ...)`; the mask, if any, `(batch, steps)`.

    Output shape:
        `(batch, output_size)`, or `(batch, steps, output_size)` with `return_sequences`; with
        `return_state` followed by the states.

    Raises:
        ValueError: If `cell` is no cell.

    Differs from Keras:
        Built-in cells run on torch's kernels, masked or not; `slow_reason` says why the steps run
        one by one where they do, and is `None` elsewhere. Dropout draws nothing outside of
        training.

    Example:
        >>> import torch, torchkeras
        >>> cells = [torchkeras.layers.GRUCell(4), torchkeras.layers.GRUCell(3)]
        >>> rnn = torchkeras.layers.RNN(cells)
        >>> tuple(rnn(torch.ones(2, 5, 3)).shape)
        (2, 3)
    """

    states: Any = None
    _expected_batch_size: int | None = None

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        check_cell("cell", cell)
        super().__init__(**kwargs)
        self.zero_output_for_mask = zero_output_for_mask
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.single_state, self.state_size = _sizes(cell.state_size)

    @property
    def slow_reason(self) -> str | None:
        """Why the steps run one by one, without torch's kernel; `None` if they do not."""
        return slow_reason_of(self.cell)

    # Building

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
            self.cell.built = True
        if self.stateful:
            self._keep_states(sequences_shape)

    def _keep_states(self, shape: Any) -> None:
        if self.states is not None:
            self.reset_state()
            return
        if shape[0] is None:
            raise ValueError(
                "`stateful=True` needs to know the batch size. Received inputs of shape "
                f"{tuple(shape)}. Give `Input` a `batch_shape` (or a `batch_size`), and `fit` the "
                "same `batch_size`."
            )
        first = self.get_initial_state(batch_size=shape[0])
        object.__setattr__(self, "states", map_leaves(self._state_variable, first))
        self._expected_batch_size = shape[0]

    def _state_variable(self, value: Tensor) -> Variable:
        """Keep a state in a buffer that moves with the layer and is no weight of it."""
        made = Variable(value, dtype=self.variable_dtype, trainable=False, name="rnn_state")
        key = self._free_key("rnn_state")
        made.move_to(self, key)
        self._non_persistent_buffers_set.add(key)
        return made

    def get_initial_state(self, batch_size: int | None) -> list[Any]:
        """Return the states that a batch starts with if none are given.

        Args:
            batch_size: The number of sequences.
        """
        own = getattr(self.cell, "get_initial_state", None)
        if own is not None:
            return as_list(own(batch_size=batch_size))
        where = self._device if self.built else device.running()
        like = torch.empty((batch_size or 0, 0), device=where)
        return as_list(zeros_for(self.cell, like, self.torch_dtype))

    def reset_state(self) -> None:
        """Let the next batch start with states of zeros."""
        for variable in leaves_of(self.states) if self.states is not None else ():
            variable.assign(torch.zeros_like(variable.value))

    def reset_states(self) -> None:
        """Do what `reset_state` does, under its old name."""
        self.reset_state()

    # Shapes and masks

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """Return the shapes of the outputs.

        Args:
            sequences_shape: The shape of the inputs.
            initial_state_shape: The shapes of the initial states; they change nothing.
        """
        batch, steps = sequences_shape[0], sequences_shape[1]
        size = output_size_of(self.cell)
        output = (batch, steps, size) if self.return_sequences else (batch, size)
        if not self.return_state:
            return output
        return (output, *(_with_batch(batch, size) for size in self.state_size))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the outputs: the inputs' own if all steps come out.

        Args:
            inputs: The inputs.
            previous_mask: Their mask, or `None`.
        """
        mask = leaves_of(previous_mask)[0]
        shown = mask if self.return_sequences else None
        return [shown, *(None for _ in self.state_size)] if self.return_state else shown

    # Running

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = False,
    ) -> Any:
        x = plain(sequences)
        first = self._first_states(x, initial_state)
        last, outputs, states = self.inner_loop(x, first, mask, training)
        dtype = self.torch_dtype
        if self.stateful:
            self._store(states)
        output = (outputs if self.return_sequences else last).to(dtype)  # type: ignore[union-attr]
        if not self.return_state:
            return output
        return (output, *map_leaves(lambda state: state.to(dtype), states))

    def inner_loop(
        self, sequences: Tensor, initial_state: Any, mask: Any, training: bool | None = False
    ) -> tuple[Tensor, Tensor | None, Any]:
        """Return the last output, all outputs (if `return_sequences`) and the last states.

        Args:
            sequences: The inputs.
            initial_state: The states before the first step.
            mask: `True` for steps that count, or `None`.
            training: Whether cells drop inputs and states.
        """
        x, states = sequences, as_list(initial_state)
        mask = leaves_of(mask)[0]
        if mask is not None:
            return self._run_masked(x, states, _two_axes(mask), training)
        x = x.flip(1) if self.go_backwards else x
        y, states = run_cells(self.cell, x, states, None, training)
        return states[0] if gives_its_state(self.cell) else y[:, -1], y, states

    def _run_masked(
        self, x: Tensor, states: list[Any], mask: Tensor, training: bool | None
    ) -> tuple[Tensor, Tensor | None, Any]:
        if self.go_backwards:
            x, mask = x.flip(1), mask.flip(1)
        carried = run_masked(self.cell, x, states, mask, training)
        if carried is not None:
            return self._outputs_of(*carried, mask, states[0])
        order = Compaction(mask)
        valid = order.valid if self.return_state or self.stateful else None
        y, states = run_cells(self.cell, order.compact(x), states, valid, training)
        zero = self.zero_output_for_mask
        outputs = order.spread(y, zero) if self.return_sequences else None
        return order.last(y, zero) if outputs is None else outputs[:, -1], outputs, states

    def _outputs_of(
        self, y: Tensor, states: list[Any], mask: Tensor, first: Tensor
    ) -> tuple[Tensor, Tensor, Any]:
        asked = y if self.return_sequences else states[0].unsqueeze(1)
        outputs = shown(asked, mask, first, self.zero_output_for_mask)
        return outputs[:, -1], outputs, states

    def _first_states(self, x: Tensor, given: Any) -> list[Any]:
        if self.stateful and self._expected_batch_size not in (None, x.shape[0]):
            raise ValueError(
                "A stateful layer needs batches of one size. Received a batch of "
                f"{x.shape[0]}, where the states have {self._expected_batch_size}. Drop the last "
                "batch of your data, or make the layer anew."
            )
        if given is None and self.stateful:
            # A copy: the kernel's gradient needs it after the variable has changed.
            return map_leaves(lambda v: v.value.to(x.device, copy=True), self.states)
        if given is None:
            states = self._zero_states(x)
        else:
            states = self._checked(as_list(given))
        return map_leaves(lambda s: s.to(x.device, self.torch_dtype), states)

    def _zero_states(self, x: Tensor) -> list[Any]:
        plain_start = type(self).get_initial_state is RNN.get_initial_state
        if plain_start and starts_with_zeros(self.cell):
            return as_list(zeros_for(self.cell, x, self.torch_dtype))
        return self.get_initial_state(batch_size=x.shape[0])

    def _checked(self, states: list[Any]) -> list[Any]:
        if len(states) != len(self.state_size):
            raise ValueError(
                f"`initial_state` must hold {len(self.state_size)} state(s), one for each of the "
                f"sizes {self.state_size}. Received: initial_state={map_leaves(show, states)}."
            )
        return states

    def _store(self, states: list[Any]) -> None:
        for variable, state in zip(leaves_of(self.states), leaves_of(states), strict=True):
            variable.assign(state)


def _sizes(state_size: Any) -> tuple[bool, list[Any]]:
    """Return whether a cell has one state only, and the sizes of all, in a list."""
    if isinstance(state_size, int):
        return True, [state_size]
    if not isinstance(state_size, (list, tuple)):
        raise ValueError(
            "`state_size` of a cell must be an integer, or a list of integers, one for each state. "
            f"Received: state_size={state_size!r}."
        )
    return False, list(state_size)


def _with_batch(batch: int | None, size: Any) -> Any:
    if isinstance(size, (list, tuple)):
        return [(batch, single) for single in size]
    return (batch, size)


def _two_axes(mask: Tensor) -> Tensor:
    """Return a mask as booleans (batch, steps); older code has an axis more."""
    mask = mask.bool()
    return mask.squeeze(-1) if mask.dim() == 3 else mask
