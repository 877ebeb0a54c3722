"""AWQ: weights of strong inputs are made larger before they are rounded, and smaller afterwards.

Source: Lin et al. 2023, https://arxiv.org/abs/2306.00978
"""

import torch
from torch import Tensor

from .calibrated import AWQConfig
from .zero_point import Grid, grid_of


class Magnitudes:
    """The largest magnitude of each input of a matrix.

    Args:
        inputs: The number of inputs.
        device: Where they are.
    """

    def __init__(self, inputs: int, device: torch.device) -> None:
        self.largest = torch.zeros(inputs, device=device)

    def see(self, x: Tensor) -> None:
        """Take inputs into account.

        Args:
            x: Inputs, the last axis of which is that of the matrix.
        """
        flat = x.detach().reshape(-1, x.shape[-1]).to(torch.float32)
        self.largest = torch.maximum(self.largest, flat.abs().amax(0))


def quantized(weight: Tensor, magnitudes: Magnitudes, config: AWQConfig) -> dict[str, Tensor]:
    """Return the whole numbers of a matrix, with scales, zeros, groups and scales of the inputs.

    Args:
        weight: A float matrix, `(outputs, inputs)`.
        magnitudes: What is known of its inputs.
        config: How it is quantized.
    """
    weight, columns = weight.to(torch.float32), weight.shape[1]
    size = columns if config.group_size == -1 else config.group_size
    groups = torch.arange(columns, device=weight.device) // size
    scales = _best_scales(weight, magnitudes.largest, groups, config)
    scaled = weight * scales
    grid = _grid(scaled, config)
    found = {"scale": grid.scale, "zero": grid.zero, "groups": groups, "awq_scales": scales}
    return {"whole": grid.whole(scaled, groups), **found}


def _grid(scaled: Tensor, config: AWQConfig) -> Grid:
    return grid_of(scaled, config.weight_bits, group_size=config.group_size)


def _best_scales(weight: Tensor, largest: Tensor, groups: Tensor, config: AWQConfig) -> Tensor:
    """Return the power of the magnitudes with the least error, weighted by the magnitudes."""
    largest = torch.where(largest < 1e-8, 1.0, largest)
    losses, tried = [], []
    for step in range(config.num_grid_points + 1):
        scales = largest.pow(step / config.num_grid_points).clamp(min=1e-4)
        scales = scales / (scales.max() * scales.min()).sqrt().clamp(min=1e-8)
        grid, scaled = _grid(weight * scales, config), weight * scales
        again = grid.floats(grid.whole(scaled, groups), groups) / scales
        losses.append(((weight - again).square() * largest.square()).mean())
        tried.append(scales)
    return torch.stack(tried)[torch.stack(losses).argmin()]
