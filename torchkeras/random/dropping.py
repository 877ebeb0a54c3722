"""torch's dropout with the same numbers, drawn at little more than half of its price on a CPU."""

import functools

import torch
from torch import Tensor

# Fewer numbers cost less than the calls that this takes. More are drawn in pieces, which stay in
# the processor's cache and keep the memory at torch's.
_FEWEST, _PIECE = 4096, 65536


def drop(x: Tensor, rate: float) -> Tensor:
    """Set a random part of the entries to zero and divide the others by `1 - rate`.

    On a CPU torch draws a Bernoulli number by comparing a uniform float64 with the probability, one
    at a time. Drawing many and comparing them at once gives the same numbers.

    Args:
        x: A tensor of floats.
        rate: The part to drop, from 0 to 1, both excluded.
    """
    if type(x) is not Tensor or x.numel() < _FEWEST or not _knows(x):
        return torch.dropout(x, rate, True)
    return x * _noise(x, 1.0 - rate)


def _knows(x: Tensor) -> bool:
    """Whether the numbers may be drawn here: outside of compilers and transforms, on a CPU."""
    if torch.compiler.is_compiling() or x.device.type != "cpu" or not x.is_contiguous():
        return False
    return torch._C._functorch.peek_interpreter_stack() is None and _draws_alike()


def _noise(like: Tensor, keep: float, source: torch.Generator | None = None) -> Tensor:
    noise = torch.empty_like(like, requires_grad=False)
    flat = noise.view(-1)
    drawn = torch.empty(min(_PIECE, flat.numel()), dtype=torch.float64, device="cpu")
    for piece in torch.split(flat, _PIECE):
        part = drawn[: piece.numel()].uniform_(generator=source)
        torch.lt(part, keep, out=piece)
    return noise.div_(keep)


@functools.cache
def _draws_alike() -> bool:
    """Whether this build of torch draws Bernoulli numbers so; some leave it to a library."""
    keep, count = 0.7, 64
    ours, theirs = (torch.Generator().manual_seed(1) for _ in range(2))
    plain = torch.empty(count, device="cpu").bernoulli_(keep, generator=theirs)
    alike = torch.equal(_noise(plain, keep, ours) > 0, plain > 0)
    return alike and torch.equal(ours.get_state(), theirs.get_state())
