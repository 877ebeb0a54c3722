"""Dropout that draws its choices sixteen bits at a time on a CPU, at a tenth of torch's price."""

import torch
from torch import Tensor

# Fewer choices cost less than the calls that drawing them here takes. More are drawn in pieces that
# stay in the processor's cache and are too small for torch to wake a second thread.
_FEWEST, _PIECE = 4096, 2**15 - 64
_LANES = {torch.int16: 4, torch.int32: 2}


def drop(x: Tensor, rate: float) -> Tensor:
    """Set a random part of the entries to zero and divide the others by `1 - rate`.

    torch draws a float64 for each entry, one at a time. A random word of 64 bits holds four
    choices. Both draw from torch's own generator, so a seed gives the same choices in every run.

    Args:
        x: A tensor of floats.
        rate: The part to drop, from 0 to 1, both excluded.
    """
    if not _may_draw(x) or x.numel() < _FEWEST:
        return torch.dropout(x, rate, True)
    return x * _noise(x, 1.0 - rate)


def _may_draw(x: Tensor) -> bool:
    """Whether the choices may be drawn here: outside of compilers and transforms, on a CPU."""
    if type(x) is not Tensor or torch.compiler.is_compiling():
        return False
    if x.device.type != "cpu" or not x.is_contiguous():
        return False
    return torch._C._functorch.peek_interpreter_stack() is None


def _noise(like: Tensor, keep: float) -> Tensor:
    """Return `1 / keep` where an entry is kept and zero elsewhere."""
    noise = torch.empty_like(like, requires_grad=False)
    flat = noise.view(-1)
    lane, limit = _limit(keep)
    lanes = _LANES[lane]
    words = torch.empty(-(-min(_PIECE, flat.numel()) // lanes), dtype=torch.int64, device="cpu")
    for piece in torch.split(flat, _PIECE):
        count = piece.numel()
        choices = words[: -(-count // lanes)].random_(-(2**63), None).view(lane)[:count]
        torch.lt(choices, limit, out=piece).div_(keep)
    return noise


def _limit(keep: float) -> tuple[torch.dtype, int]:
    """Return the shortest integers that tell the rate to a thousandth, and the kept ones' end."""
    dropped = 1.0 - keep
    short = round(keep * 2**16)
    if abs(1 - short / 2**16 - dropped) <= 1e-3 * min(keep, dropped):
        return torch.int16, short - 2**15
    return torch.int32, min(round(keep * 2**32), 2**32 - 1) - 2**31
