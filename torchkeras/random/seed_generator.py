"""`SeedGenerator`: a source of seeds whose two numbers layers keep and files store."""

import random
from typing import Any

import torch
from torch import Tensor

from torchkeras._base import device
from torchkeras._base.naming import auto_name, name_scope
from torchkeras._state.tracked import TrackedModule
from torchkeras._state.variable import Variable

UINT32 = 0xFFFFFFFF
_HIGHEST_DEFAULT = 1_000_000_000


def make_default_seed() -> int:
    """Draw a seed from Python's own generator, so that `random.seed` reaches it."""
    return random.randint(1, _HIGHEST_DEFAULT)


class SeedGenerator(TrackedModule):
    """A seed and a counter: every draw that takes it as `seed` gets other numbers.

    As attribute of a layer (or of any `nn.Module`) it is a submodule with one buffer, so it moves,
    copies and loads with the rest. A draw costs about 7 µs more than one that needs no seed; on an
    accelerator the counter is read back once and then followed on the host.

    Args:
        seed: The first number; drawn from Python's `random` if not given.
        name: A name; an automatic one if not given.

    Variables:
        state: The seed and the counter, in two int32 that are read as unsigned.

    Raises:
        ValueError: If `seed` is not an integer.

    Differs from Keras:
        Seeds of 2³¹ and more are allowed; their lowest 32 bits count, as in Keras's functions.

    Example:
        >>> import torchkeras
        >>> seeds = torchkeras.random.SeedGenerator(42)
        >>> first = torchkeras.random.normal((2,), seed=seeds)
        >>> bool((torchkeras.random.normal((2,), seed=seeds) != first).all())
        True
    """

    # The state tensor, its version and its numbers as of the last draw on an accelerator.
    _followed: tuple[Tensor, int, tuple[int, int]] | None = None

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        super().__init__()
        if kwargs:
            raise ValueError(f"`SeedGenerator` does not take {', '.join(sorted(kwargs))}.")
        self.name = name or auto_name(type(self).__name__)
        self.initial_seed = seed
        if seed is None:
            seed = make_default_seed()
        if not isinstance(seed, int):
            raise ValueError(f"`seed` must be an integer. Received: seed={seed!r}.")
        first = torch.tensor([signed(seed), 0], dtype=torch.int32, device=device.creation())
        with name_scope(self.name):
            self.state = Variable(first, trainable=False, name="seed_generator_state")

    def next(self, ordered: bool = True) -> Tensor:
        """Return the seed and the counter, and go on to the next pair.

        Args:
            ordered: Whether the counter goes up by one; otherwise both numbers are scrambled.
        """
        pair = self.state.value.clone()
        self.draw(ordered)
        return pair

    def draw(self, ordered: bool = True) -> int:
        """Return the 32-bit seed that the state stands for, and go on to the next.

        Args:
            ordered: Whether the counter goes up by one; otherwise both numbers are scrambled.
        """
        (state,) = self.state.parameters
        seed, counter = self._read(state)
        if ordered:
            following = seed, signed(counter + 1)
            state.select(0, 1).add_(1)
        else:
            following = _scrambled(seed), _scrambled(counter)
            state.copy_(torch.tensor(following, dtype=torch.int32, device="cpu"))
        if _slow_to_read(state) and not state.is_inference():
            object.__setattr__(self, "_followed", (state, state._version, following))
        return (seed + counter) & UINT32

    def _read(self, state: Tensor) -> tuple[int, int]:
        """Return the two numbers, without waiting for an accelerator where nobody changed them."""
        if self._followed is not None:
            followed, version, pair = self._followed
            if followed is state and state._version == version:
                return pair
        seed, counter = state.tolist()
        return seed, counter

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_followed"}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal generator."""
        return {"seed": self.initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SeedGenerator":
        """Make a generator from what `get_config` returned.

        Args:
            config: The arguments.
        """
        return cls(**config)


def _slow_to_read(state: Tensor) -> bool:
    return state.device.type != "cpu"


def signed(value: int) -> int:
    """Return the int32 with the lowest 32 bits of `value`."""
    return ((value & UINT32) ^ 0x80000000) - 0x80000000


def _scrambled(value: int) -> int:
    """Return Keras's next number of an unordered sequence, which wraps around as int32 does."""
    return signed((value + 1) * 5387) % 933199
