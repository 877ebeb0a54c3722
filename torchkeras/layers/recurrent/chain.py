"""What a recurrent layer needs to know of cells, whoever wrote them."""

from typing import Any


def check_cell(argument: str, cell: Any) -> None:
    """Raise a `ValueError` if something is no cell."""
    for name, what in (("call", "method"), ("state_size", "attribute")):
        if name not in dir(cell):
            raise ValueError(
                f"`{argument}` must have a `{name}` {what}: a cell is an object with "
                "`call(inputs, states)` and `state_size` (an integer, or one for each state). "
                f"Received: {argument}={cell!r}."
            )


def as_list(states: Any) -> list[Any]:
    """Return states as a list, be there one or several."""
    return list(states) if isinstance(states, (list, tuple)) else [states]


def output_size_of(cell: Any) -> Any:
    """Return the size of a cell's output: that of its first state if it says nothing else."""
    size = getattr(cell, "output_size", None)
    return as_list(cell.state_size)[0] if size is None else size
