"""Windows for signals."""

from typing import Any

from torch import Tensor
from torch.signal import windows

from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show


def bartlett(x: Any) -> Tensor:
    """Return the Bartlett window, a triangle from 0 to 1 and back.

    Args:
        x: How many values.

    Example:
        >>> from torchkeras import ops
        >>> ops.bartlett(5).tolist()
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return windows.bartlett(_count(x), dtype=to_torch(None), device=device.running())


def blackman(x: Any) -> Tensor:
    """Return the Blackman window, `0.42 - 0.5 cos(2πn/N) + 0.08 cos(4πn/N)`.

    Args:
        x: How many values.

    Example:
        >>> from torchkeras import ops
        >>> ops.blackman(5).shape
        torch.Size([5])
    """
    return windows.blackman(_count(x), dtype=to_torch(None), device=device.running())


def hamming(x: Any) -> Tensor:
    """Return the Hamming window, `0.54 - 0.46 cos(2πn/N)`.

    Args:
        x: How many values.

    Example:
        >>> from torchkeras import ops
        >>> ops.hamming(5).shape
        torch.Size([5])
    """
    return windows.hamming(_count(x), dtype=to_torch(None), device=device.running())


def hanning(x: Any) -> Tensor:
    """Return the Hann window, `0.5 - 0.5 cos(2πn/N)`.

    Args:
        x: How many values.

    Example:
        >>> from torchkeras import ops
        >>> ops.hanning(5).shape
        torch.Size([5])
    """
    return windows.hann(_count(x), dtype=to_torch(None), device=device.running())


def kaiser(x: Any, beta: float) -> Tensor:
    """Return the Kaiser window, `I₀(β √(1 - (2n/N - 1)²)) / I₀(β)`.

    Args:
        x: How many values.
        beta: How narrow the window is.

    Example:
        >>> from torchkeras import ops
        >>> ops.kaiser(5, beta=0.0).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    wanted = to_torch(None)
    return windows.kaiser(_count(x), beta=float(beta), dtype=wanted, device=device.running())


def _count(x: Any) -> int:
    """Return the length of a window: a number, or a tensor of one."""
    if not hasattr(x, "__int__") or int(x) != x or int(x) < 0:
        raise ValueError(f"`x` must be a whole number from 0. Received: x={show(x)}.")
    return int(x)
