"""The seed behind unseeded draws, and one call that seeds every generator there is."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from torchkeras._base.rng import kept_rng

from .seed_generator import UINT32, SeedGenerator

Seed = int | SeedGenerator


@dataclass
class _Global:
    generator: SeedGenerator | None = None
    seed: int | None = None


_GLOBAL = _Global()


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and torch's generators, and start unseeded draws afresh.

    Weights, shuffles and noise made from here on are the same in every run, and weights made on a
    CPU equal those of Keras's torch backend after the same call.

    Args:
        seed: An integer from 0 to 2³² - 1.

    Raises:
        ValueError: If `seed` is not an integer.

    Example:
        >>> import torchkeras
        >>> torchkeras.utils.set_random_seed(7)
        >>> first = torchkeras.random.uniform((2,))
        >>> torchkeras.utils.set_random_seed(7)
        >>> bool((torchkeras.random.uniform((2,)) == first).all())
        True
    """
    if not isinstance(seed, int):
        raise ValueError(
            f"`seed` must be an integer. Received: seed={seed!r} (of type {type(seed).__name__})."
        )
    reset_global_seed()
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the legacy generator is the one that users' code shares
    torch.manual_seed(seed)
    _GLOBAL.seed = seed


def get_random_seed() -> int | None:
    """Return what `set_random_seed` was last given, or `None`."""
    return _GLOBAL.seed


def reset_global_seed() -> None:
    """Forget the generator of unseeded draws; the next one is seeded from Python's `random`."""
    _GLOBAL.generator = _GLOBAL.seed = None


def global_seed_generator() -> SeedGenerator:
    """Return the generator of unseeded draws."""
    if _GLOBAL.generator is None:
        _GLOBAL.generator = SeedGenerator()
    return _GLOBAL.generator


def global_seed_state() -> dict[str, Any]:
    """Return the seed of `set_random_seed` and the generator of unseeded draws as plain values."""
    generator = _GLOBAL.generator
    made = None
    if generator is not None:
        made = (generator.initial_seed, generator.name, generator.state.value.tolist())
    return {"seed": _GLOBAL.seed, "generator": made}


def set_global_seed_state(state: Mapping[str, Any]) -> None:
    """Bring back what `global_seed_state` returned.

    Args:
        state: The state.
    """
    _GLOBAL.seed, _GLOBAL.generator = state["seed"], None
    if state["generator"] is not None:
        seed, name, numbers = state["generator"]
        _GLOBAL.generator = SeedGenerator(seed or 0, name=name)
        _GLOBAL.generator.initial_seed = seed
        _GLOBAL.generator.state.assign(numbers)


@contextmanager
def kept_randomness() -> Iterator[None]:
    """Leave all random generators as they were, whatever is drawn inside."""
    seeds = global_seed_state()
    try:
        with kept_rng():
            yield
    finally:
        set_global_seed_state(seeds)


def draw_seed(seed: Seed | None) -> int:
    """Return the 32-bit number with which a torch generator starts.

    Args:
        seed: A number that gives the same draw every time, a generator that gives another draw
            every time, or `None` for the global generator.

    Raises:
        ValueError: If `seed` is none of these.
    """
    if isinstance(seed, SeedGenerator):
        return seed.draw()
    if isinstance(seed, int):
        return seed & UINT32
    if seed is None:
        return global_seed_generator().draw(ordered=False)
    raise ValueError(
        "`seed` must be an integer, a `SeedGenerator` or None. "
        f"Received: seed={seed!r} (of type {type(seed).__name__})."
    )
