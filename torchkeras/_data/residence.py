"""Arrays that fit onto an accelerator go there once, and batches are gathered there."""

import torch

from .column import Column, TensorColumn

_PART_OF_FREE = 4  # the data may take one part in so many of the free memory


def settled(columns: list[Column | None], device: torch.device | None) -> list[Column | None]:
    """Return the columns on an accelerator if all of them fit there, else as they are.

    Args:
        columns: The columns; files and other arrays that are read in parts stay where they are.
        device: Where the batches go.
    """
    found = [column for column in columns if column is not None]
    size = sum(column.row_bytes * column.shape[0] for column in found)
    movable = [column for column in found if isinstance(column, TensorColumn)]
    if device is None or len(movable) < len(found) or size * _PART_OF_FREE > free_bytes(device):
        return columns
    moved = iter([column.on(device) for column in movable])
    return [None if column is None else next(moved) for column in columns]


def free_bytes(device: torch.device) -> int:
    """Return how much memory an accelerator has left; 0 for a CPU, where all data is at hand.

    Args:
        device: The device.
    """
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    return 0
