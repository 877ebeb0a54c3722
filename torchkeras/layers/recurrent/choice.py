"""Which of torch's kernels and the scans runs a sequence the quickest."""

import torch
from torch import Tensor

from .fused import plain_run
from .gru_scan import gru_scan
from .scan import is_differentiated, may_scan
from .simple_scan import simple_scan

# Found by trial: beyond these, torch's own kernels are as quick.
_FEWEST_STEPS = 5
_LARGEST_SIMPLE_STATE = 2**13
_SMALLEST_GRU_STATE = 2**11


def quickest_run(kind: str, x: Tensor, states: list[Tensor], weights: list[Tensor]) -> list[Tensor]:
    """Run over `x` (batch, steps, features); return the outputs and the last states.

    States have the shape (1, batch, units).
    """
    if torch.compiler.is_compiling():  # sizes must not be looked at
        return plain_run(kind, x, states, weights)
    first = [state[0] for state in states]
    if pays(kind, x, first, weights) and scans(kind, x, first, weights):
        y, last = scan(kind, x, first[0], weights)
        return [y, last.unsqueeze(0)]
    return plain_run(kind, x, states, weights)


def pays(kind: str, x: Tensor, states: list[Tensor], weights: list[Tensor]) -> bool:
    """Say whether a scan is quicker: small GRUs without a gradient are as quick in torch."""
    large = kind != "gru" or states[0].numel() >= _SMALLEST_GRU_STATE
    return large or is_differentiated((x, *states, *weights))


def scans(kind: str, x: Tensor, states: list[Tensor], weights: list[Tensor]) -> bool:
    """Say whether a scan of our own runs, which is quicker where steps are many and small."""
    if kind == "lstm" or x.dim() != 3 or x.shape[1] < _FEWEST_STEPS:
        return False  # oneDNN runs an LSTM
    if kind != "gru" and states[0].numel() > _LARGEST_SIMPLE_STATE:
        return False
    return may_scan((x, *states, *weights))


def scan(
    kind: str, x: Tensor, first: Tensor, weights: list[Tensor], mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run a scan over `x` (batch, steps, features); return all states and the last."""
    if kind == "gru":
        return gru_scan(x, first, weights, mask)
    return simple_scan(kind, x, first, weights)
