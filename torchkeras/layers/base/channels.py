"""Where the channels are: Keras's last axis, torch's second; always views, never copies.

A contiguous tensor with its channels last, seen with them first, is what torch calls the
`channels_last` memory format, in which its convolutions, poolings and norms compute and answer.
"""

import torch
from torch import Tensor

_FIRST = {3: (0, 2, 1), 4: (0, 3, 1, 2), 5: (0, 4, 1, 2, 3)}
_LAST = {3: (0, 2, 1), 4: (0, 2, 3, 1), 5: (0, 2, 3, 4, 1)}
MEMORY_FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}


def to_first(x: Tensor) -> Tensor:
    """Show a tensor whose channels are last with its channels second."""
    return x.permute(_FIRST[x.dim()])


def to_last(x: Tensor) -> Tensor:
    """Show a tensor whose channels are second with its channels last."""
    return x.permute(_LAST[x.dim()])


def to_images(x: Tensor, data_format: str) -> Tensor:
    """Show inputs with their channels second, and sequences as images of one row.

    torch has the faster kernels for images, and they answer in the memory format of their inputs.
    """
    last = data_format == "channels_last"
    if x.dim() == 3:
        x = x.unsqueeze(1 if last else 2)
    return to_first(x) if last else x


def from_images(x: Tensor, data_format: str, rank: int) -> Tensor:
    """Show images again as what they were, which had `rank` axes besides batch and channels."""
    last = data_format == "channels_last"
    if last:
        x = to_last(x)
    return x.squeeze(1 if last else 2) if rank == 1 else x
