"""Seeded draws as operations of torch, for `torch.compile`, which cannot follow generators."""

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
    source = _source(state, counts, state.device)
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


@torch.library.custom_op("torchkeras::draw_integers", mutates_args=("state",))
def draw_integers(
    state: Tensor, counts: bool, low: int, high: int, shape: Sequence[int], dtype: torch.dtype
) -> Tensor:
    """Draw whole numbers, on the device of `state`, as an eager draw with the same seed does.

    Args:
        state: The seed and the counter.
        counts: Whether the counter goes up by one.
        low: The lowest number.
        high: The number that stays out of reach.
        shape: The shape.
        dtype: The dtype.
    """
    source = _source(state, counts, state.device)
    return torch.randint(
        low, high, tuple(shape), generator=source, dtype=dtype, device=state.device
    )


@draw_integers.register_fake
def _(
    state: Tensor, counts: bool, low: int, high: int, shape: Sequence[int], dtype: torch.dtype
) -> Tensor:
    return torch.empty(tuple(shape), dtype=dtype, device=state.device)


@torch.library.custom_op("torchkeras::draw_given", mutates_args=("state",))
def draw_given(
    state: Tensor, counts: bool, kind: str, given: Sequence[Tensor], count: int
) -> Tensor:
    """Draw, on the device of the parameters, what an eager draw with the same seed gives.

    Args:
        state: The seed and the counter.
        counts: Whether the counter goes up by one.
        kind: `"gamma"`, `"dirichlet"`, `"binomial"` or `"multinomial"`.
        given: The parameters of the distribution.
        count: How many to draw from each row of `"multinomial"`.
    """
    return drawn_given(_source(state, counts, given[0].device), kind, given, count)


@draw_given.register_fake
def _(state: Tensor, counts: bool, kind: str, given: Sequence[Tensor], count: int) -> Tensor:
    if kind == "multinomial":
        return given[0].new_empty((len(given[0]), count), dtype=torch.int64)
    return torch.empty_like(given[0])


def _source(state: Tensor, counts: bool, device: torch.device) -> torch.Generator:
    seed, counter = state.tolist()
    if counts:
        state.select(0, 1).add_(1)
    return torch.Generator(device).manual_seed((seed + counter) & UINT32)


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


def drawn_given(
    source: torch.Generator | None, kind: str, given: Sequence[Tensor], count: int
) -> Tensor:
    """Draw from a distribution whose parameters are tensors."""
    if kind == "gamma":
        return torch._standard_gamma(given[0], generator=source)
    if kind == "dirichlet":
        return torch._sample_dirichlet(given[0], generator=source)
    if kind == "binomial":
        return torch.binomial(given[0], given[1], generator=source)
    return torch.multinomial(given[0], count, True, generator=source)
