"""Floats that are rounded as if they were whole numbers, and trained all the same."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import positive_int
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def fake_quant_with_min_max_vars(
    inputs: Any,
    min_vals: Any,
    max_vals: Any,
    num_bits: int = 8,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Tensor:
    """Round floats to the steps that `num_bits` allow between two limits.

    Gradients pass between the limits; beyond them they reach the limits.

    Args:
        inputs: A float tensor.
        min_vals: The lower limit: a number, or one for each channel.
        max_vals: The upper limit: a number, or one for each channel.
        num_bits: How many bits a step takes.
        narrow_range: Whether the lowest step is left out.
        axis: The axis of the channels.

    Returns:
        Floats of the shape and dtype of the inputs.

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.fake_quant_with_min_max_vars(
        ...     [0.1, 0.6, 9.0], 0.0, 3.0, num_bits=2).tolist()
        [0.0, 1.0, 3.0]
    """
    x, low, high = tensor(inputs), tensor(min_vals), tensor(max_vals)
    steps = (1 << positive_int("num_bits", num_bits)) - 1 - int(narrow_range)
    least, greatest, scale = _nudged(low.detach(), high.detach(), steps, int(narrow_range))
    with torch.no_grad():
        inverse = 1 / scale
        zero = torch.floor(-least * inverse + 0.5)
        shifted = x.to(least.dtype).clamp(least, greatest) - least
        rounded = (torch.floor(shifted * inverse - zero + 0.5) * scale).to(x.dtype)
    passed = torch.where((x >= least) & (x <= greatest), x, 0.0)
    passed = passed + torch.where(x <= least, low, 0.0) + torch.where(x >= greatest, high, 0.0)
    return rounded + (passed - passed.detach()).to(x.dtype)


def _nudged(low: Tensor, high: Tensor, steps: int, first: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return limits between which 0 is a step, and the size of a step."""
    dtype = torch.promote_types(low.dtype, torch.float32)
    low, high = low.to(dtype), high.to(dtype)
    scale = (high - low) / steps
    zero = (first - low / scale).clamp(first, first + steps).round()
    return (first - zero) * scale, (first + steps - zero) * scale, scale
