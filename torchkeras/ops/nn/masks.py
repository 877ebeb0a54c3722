"""The masks of attention: who may look at whom.

B batch, T queries, S keys.
"""

import torch
from torch import Tensor


def causal_mask(queries: int, keys: int, device: torch.device) -> Tensor:
    """Return (1, T, S): a query looks at the keys up to its own place."""
    return places(queries, device)[:, :, None] >= places(keys, device)[:, None, :]


def window_mask(queries: int, keys: int, window: int, device: torch.device) -> Tensor:
    """Return (1, T, S): a query looks at keys less than `window` places away."""
    distance = places(queries, device)[:, :, None] - places(keys, device)[:, None, :]
    return distance.abs() < window


def places(count: int, device: torch.device) -> Tensor:
    """Return (1, count): 0, 1, 2 and so on."""
    return torch.arange(count, device=device).unsqueeze(0)


def both(mask: Tensor | None, other: Tensor | None) -> Tensor | None:
    """Return what two masks allow, either of which may be missing."""
    if mask is None or other is None:
        return other if mask is None else mask
    return mask & other


def as_bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Return zero where a mask allows, and a number that drowns any score elsewhere.

    A query that may look at nothing then looks at all keys alike, as in Keras, and nothing is NaN.
    """
    lowest = -0.7 * (65500.0 if dtype == torch.float16 else 3.38953e38)
    return torch.zeros_like(mask, dtype=dtype).masked_fill(~mask, lowest)
