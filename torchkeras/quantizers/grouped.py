"""Whole numbers in place of floats, with a scale and a zero point for each block of rows."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import positive_int, show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

_EPSILON = 1e-7


@op
def abs_max_quantize_grouped_with_zero_point(
    inputs: Any,
    block_size: int,
    value_range: Sequence[int] = (-8, 7),
    dtype: Any = "int8",
    epsilon: float = _EPSILON,
    to_numpy: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return `round(inputs / scale) + zero`, with a scale and a zero for each block of a column.

    Args:
        inputs: A float tensor of shape `(rows, columns)`.
        block_size: The number of rows that share a scale.
        value_range: The smallest and the largest whole number.
        dtype: The dtype of the whole numbers.
        epsilon: What keeps a block of equal numbers finite.
        to_numpy: Whether it is done in the memory of the host.

    Returns:
        The whole numbers; the scales and, as int8, the zero points, both of shape
        `(blocks, columns)`.

    Raises:
        ValueError: If the inputs have no two axes, or the block size is not positive.

    Example:
        >>> import torchkeras
        >>> x = torchkeras.ops.array([[0.0], [1.0], [2.0], [3.0]])
        >>> quantize = torchkeras.quantizers.abs_max_quantize_grouped_with_zero_point
        >>> whole, scale, zero = quantize(x, block_size=4)
        >>> whole.flatten().tolist(), round(scale.item(), 2), zero.item()
        ([-8, -3, 2, 7], 0.2, -8)
    """
    x = tensor(inputs)
    if x.ndim != 2:
        raise ValueError(f"`inputs` must have two axes. Received: inputs={show(x)}.")
    positive_int("block_size", block_size)
    home, rows = x.device, x.shape[0]
    x = x.cpu() if to_numpy else x
    blocks = _blocks(x, block_size)
    scale, zero = (_on_host if to_numpy else _on_device)(x, blocks, value_range, epsilon)
    low, high = value_range
    whole = (blocks / scale[:, None]).round() + zero[:, None]
    whole = whole.clamp(low, high).to(to_torch(dtype)).flatten(0, 1)[:rows]
    return whole.to(home), scale.to(home), zero.to(home, torch.int8)


def _blocks(x: Tensor, block_size: int) -> Tensor:
    rows, columns = x.shape
    count = math.ceil(rows / block_size)
    padded = functional.pad(x, (0, 0, 0, count * block_size - rows))
    return padded.reshape(count, block_size, columns)


def _on_host(
    x: Tensor, blocks: Tensor, value_range: Sequence[int], epsilon: float
) -> tuple[Tensor, Tensor]:
    least, most = blocks.aminmax(dim=1)
    return _scaled(least, most, value_range, epsilon)


def _on_device(
    x: Tensor, blocks: Tensor, value_range: Sequence[int], epsilon: float
) -> tuple[Tensor, Tensor]:
    """Scale as Keras does here: blocks of equal numbers get room, ranges are those of whole bits.

    A single block is not filled up with zeros before it is measured.
    """
    least, most = (blocks if len(blocks) > 1 else x[None]).aminmax(dim=1)
    equal = least == most
    least, most = torch.where(equal, least - 1, least), torch.where(equal, most + 1, most)
    half = 2 ** (int(math.log2(value_range[1] - value_range[0] + 1)) - 1)
    return _scaled(least, most, (-half, half - 1), epsilon)


def _scaled(
    least: Tensor, most: Tensor, value_range: Sequence[int], epsilon: float
) -> tuple[Tensor, Tensor]:
    low, high = value_range
    scale = (most - least + epsilon) / (high - low)
    return scale, ((-least / scale).round() + low).clamp(low, high)
