"""GPTQ: weights are rounded one column after the other, and the later ones make up for the error.

Source: Frantar et al. 2022, https://arxiv.org/abs/2210.17323
"""

from collections.abc import Callable

import torch
from torch import Tensor

from .calibrated import GPTQConfig
from .zero_point import Grid, grid_of

_BLOCK = 128  # how many columns are corrected one by one, before all later ones are at once


class Hessian:
    """The mean of `2 x xᵀ` over the inputs of a matrix.

    Args:
        inputs: The number of inputs.
        device: Where it is.
    """

    def __init__(self, inputs: int, device: torch.device) -> None:
        self._sum, self._count = torch.zeros(inputs, inputs, device=device), 0

    def see(self, x: Tensor) -> None:
        """Take inputs into account.

        Args:
            x: Inputs, the last axis of which is that of the matrix.
        """
        flat = x.detach().reshape(-1, x.shape[-1]).to(torch.float32)
        total = self._count + flat.shape[0]
        self._sum = self._sum * (self._count / total) + (2.0 / total) * (flat.t() @ flat)
        self._count = total

    def damped(self, damping: float) -> Tensor:
        """Return the mean, with a part of its mean diagonal added to the diagonal.

        Args:
            damping: That part.
        """
        diagonal = self._sum.diagonal()
        diagonal = torch.where(diagonal == 0, 1.0, diagonal)
        matrix = self._sum.clone()
        matrix.diagonal().copy_(diagonal + damping * diagonal.mean())
        return matrix


def quantized(weight: Tensor, hessian: Hessian, config: GPTQConfig) -> dict[str, Tensor]:
    """Return the whole numbers of a matrix, with scales, zeros and groups.

    Args:
        weight: A float matrix, `(outputs, inputs)`.
        hessian: What is known of its inputs.
        config: How it is quantized.
    """
    matrix = hessian.damped(config.hessian_damping)
    size, columns = config.group_size, weight.shape[1]
    groups = torch.arange(columns, device=weight.device) // (columns if size == -1 else size)
    inverse = torch.linalg.inv(matrix)
    if config.activation_order:
        order = torch.argsort(-matrix.diagonal(), stable=True)
        weight, inverse = weight[:, order], inverse[order][:, order]

    def grid(part: Tensor) -> Grid:
        return grid_of(part, config.weight_bits, config.symmetric, config.per_channel)

    whole, grids = _by_columns(weight.to(torch.float32), inverse, groups, grid)
    if config.activation_order:
        back = torch.argsort(order)
        whole, groups = whole[:, back], groups[back]
    scale = torch.cat([one.scale for one in grids], dim=1)
    zero = torch.cat([one.zero for one in grids], dim=1)
    return {"whole": whole, "scale": scale, "zero": zero, "groups": groups}


def _by_columns(
    weight: Tensor, inverse: Tensor, groups: Tensor, grid_for: Callable[[Tensor], Grid]
) -> tuple[Tensor, list[Grid]]:
    """Round column by column; the error of each is taken off the later ones."""
    weight, whole = weight.clone(), torch.empty_like(weight)
    grids: list[Grid] = []
    last, columns = groups.tolist(), weight.shape[1]
    for start in range(0, columns, _BLOCK):
        stop = min(start + _BLOCK, columns)
        block, errors = weight[:, start:stop].clone(), torch.zeros_like(weight[:, start:stop])
        for at in range(start, stop):
            if last[at] == len(grids):
                grids.append(grid_for(weight[:, groups == last[at]]))
            here, column = at - start, block[:, at - start, None]
            whole[:, at, None] = grids[-1].whole(column)
            error = (column - grids[-1].floats(whole[:, at, None])) / inverse[at, at]
            errors[:, here] = error[:, 0]
            block[:, here + 1 :] -= error * inverse[at, at + 1 : stop]
        weight[:, stop:] -= errors @ inverse[start:stop, stop:]
    return whole, grids
