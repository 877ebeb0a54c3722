"""Numbers of categories as vectors: one-hot, multi-hot and counts."""

import torch
from torch import Tensor


def encode(
    indices: Tensor,
    output_mode: str,
    depth: int,
    dtype: torch.dtype,
    weights: Tensor | None = None,
) -> Tensor:
    """Return category numbers as they are, or as vectors of `depth` entries.

    Numbers outside of the categories count nowhere.

    Args:
        indices: The numbers; a scalar counts as one sample.
        output_mode: "int", "one_hot", "multi_hot" or "count".
        depth: The number of categories.
        dtype: The dtype of the result.
        weights: What each number adds to its count.
    """
    if output_mode == "int":
        return indices.to(dtype)
    if indices.dim() == 0:
        indices = indices.reshape(1)
    if output_mode == "one_hot":
        if indices.dim() > 1 and indices.shape[-1] == 1:
            indices = indices.squeeze(-1)
        return _scattered(indices.unsqueeze(-1), depth, dtype, None)
    axis = min(indices.dim() - 1, 1)
    samples = indices.movedim(axis, -1)
    if output_mode == "multi_hot":
        return _scattered(samples, depth, dtype, None)
    if weights is None:
        return _scattered(samples, depth, dtype, torch.ones_like(samples, dtype=dtype))
    return _scattered(
        samples, depth, weights.dtype, weights.expand(indices.shape).movedim(axis, -1)
    )


def encoded_shape(
    shape: tuple[int | None, ...], output_mode: str, depth: int | None
) -> tuple[int | None, ...]:
    """Return the shape of what `encode` gives for numbers of a shape."""
    if output_mode == "int":
        return shape
    shape = shape or (1,)
    if output_mode == "one_hot":
        kept = shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape
        return (*kept, depth)
    axis = min(len(shape) - 1, 1)
    return (*shape[:axis], *shape[axis + 1 :], depth)


def _scattered(indices: Tensor, depth: int, dtype: torch.dtype, values: Tensor | None) -> Tensor:
    """Put ones at the numbers along the last axis, or add values there."""
    indices = indices.long()
    known = (indices >= 0) & (indices < depth)
    places = torch.where(known, indices, depth)
    empty = torch.zeros((*indices.shape[:-1], depth + 1), dtype=dtype, device=indices.device)
    if values is None:
        return empty.scatter(-1, places, 1)[..., :depth]
    return empty.scatter_add(-1, places, values)[..., :depth]
