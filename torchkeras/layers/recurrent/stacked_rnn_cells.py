"""`StackedRNNCells`: several cells as one."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras.layers.layer import Layer

from .chain import as_list, check_cell, output_size_of


class StackedRNNCells(Layer):
    """Cells on top of each other: each takes the output of the one below.

    Args:
        cells: The cells, the lowest first.
        **kwargs: The keyword arguments of `Layer`.

    Raises:
        ValueError: If a cell has no `call` or no `state_size`.

    Example:
        >>> import torch, torchkeras
        >>> cells = [torchkeras.layers.LSTMCell(4), torchkeras.layers.GRUCell(3)]
        >>> rnn = torchkeras.layers.RNN(torchkeras.layers.StackedRNNCells(cells))
        >>> tuple(rnn(torch.ones(2, 5, 3)).shape)
        (2, 3)
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            check_cell("cells", cell)
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states, cell by cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return output_size_of(self.cells[-1])

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Return the cells' initial states, cell by cell.

        Args:
            batch_size: The number of sequences.
        """
        return [_first_state(cell, batch_size, self) for cell in self.cells]

    def build(self, input_shape: Any) -> None:
        shape = tuple(input_shape)
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(shape)
                cell.built = True
            shape = (shape[0], output_size_of(cell))

    def call(
        self, inputs: Tensor, states: Any, training: bool | None = False, **kwargs: Any
    ) -> Any:
        new_states = []
        for cell, given in zip(self.cells, states, strict=True):
            nested = isinstance(given, (list, tuple))
            inputs, new = (cell if callable(cell) else cell.call)(inputs, as_list(given), **kwargs)
            new_states.append(new[0] if len(new) == 1 and not nested else new)
        return inputs, new_states[0] if len(new_states) == 1 else new_states


def _first_state(cell: Any, batch_size: Any, stack: Layer) -> Any:
    own = getattr(cell, "get_initial_state", None)
    if own is not None:
        return own(batch_size=batch_size)
    dtype = to_torch(stack.compute_dtype)
    made = [
        torch.zeros((batch_size, size), dtype=dtype, device=device.running())
        for size in as_list(cell.state_size)
    ]
    return made if isinstance(cell.state_size, (list, tuple)) else made[0]
