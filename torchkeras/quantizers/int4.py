"""Two whole numbers of 4 bits in one byte."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from torchkeras._base.dtypes import NAMES, to_torch
from torchkeras._base.messages import one_of
from torchkeras._state.convert import tensor

_DTYPES = ("int8", "uint8")


def pack_int4(arr: Any, axis: int = 0, dtype: str = "int8") -> tuple[Tensor, tuple[int, ...], int]:
    """Put each two neighbours along an axis into one byte, the first into its lower half.

    Args:
        arr: Whole numbers from -8 to 7 (or 0 to 15) in a tensor of `dtype`.
        axis: The axis; a 0 is added where its size is odd.
        dtype: `"int8"` or `"uint8"`.

    Returns:
        The bytes, their shape, and the size of the axis before.

    Raises:
        TypeError: If `arr` has another dtype.

    Example:
        >>> import torch, torchkeras
        >>> numbers = torch.tensor([-3, 2, 1], dtype=torch.int8)
        >>> packed, shape, size = torchkeras.quantizers.pack_int4(numbers)
        >>> packed.tolist(), shape, size
        ([45, 1], (2,), 3)
    """
    one_of("dtype", dtype, _DTYPES)
    x = tensor(arr)
    if NAMES[x.dtype] != dtype:
        raise TypeError(f"`arr` must have the dtype {dtype!r}. Received: {NAMES[x.dtype]!r}.")
    size = x.shape[axis]
    x = (x.movedim(axis, -1).to(torch.int16)) & 0x0F
    x = functional.pad(x, (0, size % 2))
    packed = (x[..., ::2] | (x[..., 1::2] << 4)).to(torch.uint8).view(to_torch(dtype))
    packed = packed.movedim(-1, axis).contiguous()
    return packed, tuple(packed.shape), size


def unpack_int4(packed: Any, orig_len: int, axis: int = 0, dtype: str = "int8") -> Tensor:
    """Return the whole numbers that `pack_int4` put into bytes.

    Args:
        packed: The bytes.
        orig_len: The size of the axis before.
        axis: The axis.
        dtype: `"int8"` for numbers from -8 to 7, `"uint8"` for 0 to 15.

    Raises:
        TypeError: If `packed` does not hold bytes.

    Example:
        >>> import torch, torchkeras
        >>> packed = torch.tensor([45, 1], dtype=torch.int8)
        >>> torchkeras.quantizers.unpack_int4(packed, 3).tolist()
        [-3, 2, 1]
    """
    one_of("dtype", dtype, _DTYPES)
    x = tensor(packed)
    if NAMES[x.dtype] not in _DTYPES:
        raise TypeError(f"`packed` must hold bytes (int8 or uint8). Received: {NAMES[x.dtype]!r}.")
    x = x.movedim(axis, -1)
    if dtype == "int8":  # shifts to the right repeat the sign
        x = x.view(torch.int8) if x.dtype == torch.uint8 else x
        pairs = torch.stack([(x << 4) >> 4, x >> 4], -1)
    else:
        x = x.view(torch.uint8) if x.dtype == torch.int8 else x
        pairs = torch.stack([x & 0x0F, x >> 4], -1)
    return pairs.flatten(-2)[..., :orig_len].movedim(-1, axis)
