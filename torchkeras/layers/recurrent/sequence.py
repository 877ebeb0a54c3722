"""Running cells over a sequence: the built-in ones whole, others step by step."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.nested import fill_leaves, leaves_of

from .cell import RecurrentCell
from .chain import as_list
from .conv_lstm_cell import ConvLSTMCell
from .dropout import CellDropout
from .stacked_rnn_cells import StackedRNNCells


def cells_in(cell: Any) -> list[Any]:
    """Return the cells of a stack, or the cell itself."""
    return list(cell.cells) if is_stack(cell) else [cell]


def is_stack(cell: Any) -> bool:
    """Say whether a cell does nothing but pass the output of each of its cells to the next."""
    return isinstance(cell, StackedRNNCells) and type(cell).call is StackedRNNCells.call


def slow_reason_of(cell: Any) -> str | None:
    """Return why a cell's steps run one by one, in words, or `None` if torch's kernel runs them."""
    for single in cells_in(cell):
        if not _runs_whole(single):
            return f"the cell {type(single).__name__!r} has a `call` of its own"
        if single.slow_reason is not None:
            return str(single.slow_reason)
    return None


def gives_its_state(cell: Any) -> bool:
    """Say whether a cell's output is its first state."""
    return _runs_whole(cell)


def run_masked(
    cell: Any, x: Tensor, states: list[Any], mask: Tensor, training: bool | None
) -> tuple[Tensor, list[Any]] | None:
    """Return the states after all steps, and the last; `None` if a cell takes no masks itself.

    Args:
        cell: A cell, or a stack.
        x: The inputs, (batch, steps, ...).
        states: The states before the first step.
        mask: `True` for the steps that count; the others leave the states alone.
        training: Whether the cells drop inputs and states.
    """
    if not _runs_whole(cell):
        return None
    found: tuple[Tensor, list[Any]] | None = cell.run_masked(x, states, mask, training)
    return found


def _runs_whole(cell: Any) -> bool:
    return isinstance(cell, (RecurrentCell, ConvLSTMCell)) and cell.runs_whole


def starts_with_zeros(cell: Any) -> bool:
    """Say whether nobody but the library says what states a cell starts with."""
    if is_stack(cell):
        own = type(cell).get_initial_state is not StackedRNNCells.get_initial_state
        return not own and all(starts_with_zeros(single) for single in cell.cells)
    if isinstance(cell, RecurrentCell):
        return type(cell).get_initial_state is RecurrentCell.get_initial_state
    return getattr(cell, "get_initial_state", None) is None


def zeros_for(cell: Any, x: Tensor, dtype: torch.dtype) -> Any:
    """Return states of zeros for the batch `x`, nested as the cell's `state_size` is."""
    if is_stack(cell):
        return [zeros_for(single, x, dtype) for single in cell.cells]
    sizes = cell.state_size
    made = [x.new_zeros((x.shape[0], size), dtype=dtype) for size in as_list(sizes)]
    single = not isinstance(sizes, (list, tuple)) and not isinstance(cell, RecurrentCell)
    return made[0] if single else made


def run_cells(
    cell: Any, x: Tensor, states: list[Any], valid: Tensor | None, training: bool | None
) -> tuple[Tensor, list[Any]]:
    """Return the outputs of all steps and the states after the last.

    Args:
        cell: A cell, or a stack, whose cells run one after the other.
        x: The inputs, (batch, steps, ...).
        states: The states before the first step.
        valid: `True` for the steps that count, which come first in each sequence; the states
            returned are then those after the last of them.
        training: Whether the cells drop inputs and states.
    """
    if not is_stack(cell):
        y, last = _run_cell(cell, x, states, valid, training)
        return y, as_list(last)
    new = []
    for single, given in zip(cell.cells, states, strict=True):
        x, last = _run_cell(single, x, given, valid, training)
        new.append(last)
    return x, new


def _run_cell(
    cell: Any, x: Tensor, states: Any, valid: Tensor | None, training: bool | None
) -> tuple[Tensor, Any]:
    if not _runs_whole(cell):
        return _step_by_step(cell, x, states, valid)
    y, last = cell.run(x, as_list(states), valid, training)
    return y, last if isinstance(states, (list, tuple)) else last[0]


def _step_by_step(cell: Any, x: Tensor, states: Any, valid: Tensor | None) -> tuple[Tensor, Any]:
    step = cell if callable(cell) else cell.call
    outputs = []
    for index, inputs in enumerate(x.unbind(1)):
        output, new = step(inputs, tuple(as_list(states)))
        leaves = leaves_of(new)
        if valid is not None:
            pairs = zip(leaves, leaves_of(states), strict=True)
            leaves = [_chosen(valid[:, index], after, before) for after, before in pairs]
        states = fill_leaves(states, leaves)
        outputs.append(output)
    if isinstance(cell, CellDropout):
        cell.reset_dropout_mask()
        cell.reset_recurrent_dropout_mask()
    return torch.stack(outputs, 1), states


def _chosen(valid_B: Tensor, after: Tensor, before: Tensor) -> Tensor:
    """Return the state after a step where the step counts, the one before it elsewhere."""
    return torch.where(valid_B.reshape(-1, *[1] * (after.dim() - 1)), after, before)
