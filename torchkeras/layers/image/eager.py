"""Work spared: pictures that were not chosen, and bytes, of which there are only 256."""

from collections.abc import Callable

import torch
from torch import Tensor


def is_eager_on_cpu(x: Tensor) -> bool:
    """Say whether asking for the numbers of a tensor costs nothing and breaks no graph."""
    return type(x) is Tensor and x.device.type == "cpu" and not torch.compiler.is_compiling()


def chosen_changed(
    images: Tensor, chosen: Tensor, change: Callable[..., Tensor], *more: Tensor
) -> Tensor:
    """Return images of which the chosen ones are changed, without work on the others if possible.

    Args:
        images: A batch.
        chosen: One boolean for each image, in any shape.
        change: What to do with images.
        *more: What it takes beside them, each with something for every image.
    """
    if not is_eager_on_cpu(images) or chosen.numel() != len(images):
        return torch.where(chosen.reshape(-1, 1, 1, 1), change(images, *more), images)
    places = chosen.flatten().nonzero().flatten()
    if len(places) in (0, len(images)):
        return change(images, *more) if len(places) else images
    few = [x.index_select(0, places) for x in (images, *more)]
    return images.index_copy(0, places, change(*few))


def looked_up(table: Tensor, places: Tensor) -> Tensor:
    """Return the entries of a table at places in it, counted over all its rows.

    Args:
        table: Numbers, in rows.
        places: 32-bit places.
    """
    return table.flatten().index_select(0, places.flatten()).view(places.shape)


def bytes_changed(images: Tensor, table: Tensor) -> Tensor:
    """Return for each byte what the table says.

    Args:
        images: A batch of bytes.
        table: A row of 256 numbers for each image.
    """
    starts = torch.arange(0, table.numel(), 256, dtype=torch.int32, device=images.device)
    return looked_up(table, images.to(torch.int32).add_(starts.view(-1, 1, 1, 1)))
