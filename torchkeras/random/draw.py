"""Draws of a given torch dtype on a given device: what `random` and `initializers` both stand on.

Each draw has a generator of its own, started with the seed, so torch's global generators stay as
they are and the numbers equal those of Keras's torch backend on the same kind of device.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from . import traced
from .seed_generator import SeedGenerator, signed
from .seeding import Seed, draw_seed

_TRIES = 4


def generator(seed: Seed | None, device: torch.device) -> torch.Generator | None:
    """Return a torch generator started with `seed`, or `None` where tensors have no numbers."""
    if device.type == "meta" or _faking():
        return None
    return torch.Generator(device).manual_seed(draw_seed(seed))


def _faking() -> bool:
    """Say whether torch makes tensors without memory, as in shape inference and export."""
    key = torch._C._TorchDispatchModeKey.FAKE
    return torch._C._get_dispatch_mode(key) is not None


def basic(
    kind: str,
    shape: Sequence[int],
    dtype: torch.dtype,
    seed: Seed | None,
    device: torch.device,
    mean: float = 0.0,
    stddev: float = 1.0,
) -> Tensor:
    """Draw `"uniform"` numbers from 0 to 1, `"normal"` ones, or `"bernoulli"`'s ones and zeros.

    In a compiled graph, draws without a seed come from torch's own generator.
    """
    compiling = torch.compiler.is_compiling()
    if seed is None or not compiling:
        source = None if compiling else generator(seed, device)
        return traced.drawn(source, kind, shape, dtype, device, mean, stddev)
    state, counts = _state(seed, device)
    return traced.draw(state, counts, kind, list(shape), dtype, mean, stddev).to(device)


def integers(
    low: int,
    high: int,
    shape: Sequence[int],
    dtype: torch.dtype,
    seed: Seed | None,
    device: torch.device,
) -> Tensor:
    """Draw whole numbers evenly from `[low, high)`."""
    compiling = torch.compiler.is_compiling()
    if seed is None or not compiling:
        source = None if compiling else generator(seed, device)
        return torch.randint(low, high, shape, generator=source, dtype=dtype, device=device)
    return traced.draw_integers(*_state(seed, device), low, high, list(shape), dtype).to(device)


def given(kind: str, parameters: Sequence[Tensor], seed: Seed | None, count: int = 1) -> Tensor:
    """Draw from `"gamma"`, `"dirichlet"`, `"binomial"`, or `count` times from `"multinomial"`.

    Nothing flows back to the parameters.
    """
    parameters = [parameter.detach() for parameter in parameters]
    device = parameters[0].device
    compiling = torch.compiler.is_compiling()
    if seed is None or not compiling:
        source = None if compiling else generator(seed, device)
        return traced.drawn_given(source, kind, parameters, count)
    return traced.draw_given(*_state(seed, device), kind, parameters, count)


def _state(seed: Seed, device: torch.device) -> tuple[Tensor, bool]:
    """Return the seed and the counter as a tensor, and whether the counter goes on."""
    if isinstance(seed, SeedGenerator):
        (state,) = seed.state.parameters
        return state, True
    return torch.tensor([signed(seed), 0], dtype=torch.int32, device=device), False


def uniform(
    shape: Sequence[int],
    minval: Any,
    maxval: Any,
    dtype: torch.dtype,
    seed: Seed | None,
    device: torch.device,
) -> Tensor:
    """Draw evenly from `[minval, maxval)`."""
    return basic("uniform", shape, dtype, seed, device) * (maxval - minval) + minval


def normal(
    shape: Sequence[int],
    mean: Any,
    stddev: Any,
    dtype: torch.dtype,
    seed: Seed | None,
    device: torch.device,
) -> Tensor:
    """Draw from a normal distribution."""
    if isinstance(mean, Tensor) or isinstance(stddev, Tensor):
        return basic("normal", shape, dtype, seed, device) * stddev + mean
    return basic("normal", shape, dtype, seed, device, mean, stddev)


def truncated_normal(
    shape: Sequence[int],
    mean: Any,
    stddev: Any,
    dtype: torch.dtype,
    seed: Seed | None,
    device: torch.device,
) -> Tensor:
    """Draw from a normal distribution what lies less than two standard deviations off.

    Of four numbers the first that does is taken; one in 230,000 times none does, as in Keras.
    """
    made = normal((*shape, _TRIES), 0.0, 1.0, dtype, seed, device)
    first = (made.abs() < 2).to(torch.uint8).argmax(-1, keepdim=True)
    return made.gather(-1, first).squeeze(-1).mul_(stddev).add_(mean)
