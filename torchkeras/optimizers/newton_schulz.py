"""Matrices whose singular values are moved towards 1, many of one shape at once."""

from collections.abc import Sequence

import torch
from torch import Tensor

# What is added to a norm before it divides.
_EPSILON = 1e-7
# So many numbers go through the iteration together.
_TOGETHER = 1 << 22


def orthogonalized(
    matrices: Sequence[Tensor], coefficients: tuple[float, float, float], steps: int
) -> list[Tensor]:
    """Return matrices after steps of `X = a X + (b A + c A²) X` with `A = X Xᵀ`.

    Args:
        matrices: The matrices, of any shapes; they stay as they are.
        coefficients: `a`, `b` and `c`.
        steps: How many steps.
    """
    results = list(matrices)
    for indices in _alike(matrices):
        batch = torch.stack([_lying(matrices[index]) for index in indices])
        batch /= torch.linalg.vector_norm(batch, dim=(-2, -1), keepdim=True) + _EPSILON
        for _ in range(steps):
            batch = _step(batch, *coefficients)
        for index, matrix in zip(indices, batch.unbind(), strict=True):
            results[index] = matrix if matrix.shape == matrices[index].shape else matrix.mT
    return results


def _step(batch: Tensor, a: float, b: float, c: float) -> Tensor:
    square = batch @ batch.mT
    mixed = torch.baddbmm(square, square, square, beta=b, alpha=c)
    return torch.baddbmm(batch, mixed, batch, beta=a)


def _lying(matrix: Tensor) -> Tensor:
    """Return a matrix that is not higher than wide, which makes the smaller square."""
    return matrix.mT if matrix.shape[0] > matrix.shape[1] else matrix


def _alike(matrices: Sequence[Tensor]) -> list[list[int]]:
    """Sort matrices by shape, in groups of limited size."""
    found: dict[tuple[int, int], list[int]] = {}
    for index, matrix in enumerate(matrices):
        height, width = sorted(matrix.shape)
        found.setdefault((height, width), []).append(index)
    groups = []
    for (height, width), members in found.items():
        size = max(1, _TOGETHER // max(1, height * width))
        groups += [members[start : start + size] for start in range(0, len(members), size)]
    return groups
