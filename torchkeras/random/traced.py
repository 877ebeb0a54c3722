"""Seeded draws as one operation of torch, for `torch.compile`, which cannot follow generators."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .seed_generator import UINT32


@torch.library.custom_op("torchkeras::draw", mutates_args=("state",))
def draw(
    state: Tensor,
    counts: bool,
    kind: str,
    shape: Sequence[int],
    dtype: torch.dtype,
    mean: float,
    stddev: float,
) -> Tensor:
    """Draw, on the device of `state`, what an eager draw with the same seed gives.

    Args:
        state: The seed and the counter.
        counts: Whether the counter goes up by one.
        kind: `"uniform"` from 0 to 1, `"normal"`, or `"bernoulli"` for ones and zeros.
        shape: The shape.
        dtype: The dtype.
        mean: Of `"normal"` and `"bernoulli"`.
        stddev: Of `"normal"`.
    """
    seed, counter = state.tolist()
    if counts:
        state.select(0, 1).add_(1)
    source = torch.Generator(state.device).manual_seed((seed + counter) & UINT32)
    return drawn(source, kind, shape, dtype, state.device, mean, stddev)


@draw.register_fake
def _(
    state: Tensor,
    counts: bool,
    kind: str,
    shape: Sequence[int],
    dtype: torch.dtype,
    mean: float,
    stddev: float,
) -> Tensor:
    return torch.empty(tuple(shape), dtype=dtype, device=state.device)


def drawn(
    source: torch.Generator | None,
    kind: str,
    shape: Sequence[int],
    dtype: torch.dtype,
    device: torch.device,
    mean: float,
    stddev: float,
) -> Tensor:
    """Draw from a generator, or from torch's own without one."""
    if kind == "uniform":
        return torch.rand(tuple(shape), generator=source, dtype=dtype, device=device)
    if kind == "normal":
        made = torch.empty(tuple(shape), dtype=dtype, device=device)
        return made.normal_(mean, stddev, generator=source)
    odds = torch.full(tuple(shape), mean, dtype=dtype, device=device)
    return torch.bernoulli(odds, generator=source)
