"""torch's recurrent kernels, as they are."""

from typing import Any

import torch
from torch import Tensor

_KERNELS: dict[str, Any] = {
    "lstm": torch.lstm,
    "gru": torch.gru,
    "tanh": torch.rnn_tanh,
    "relu": torch.rnn_relu,
}


def plain_run(kind: str, x: Tensor, states: list[Tensor], weights: list[Tensor]) -> list[Tensor]:
    """Run a kernel over `x` (batch, steps, features); return the outputs and the last states.

    States have the shape (1, batch, units). cuDNN only has a gradient of what ran "in training".
    """
    first: Any = (states[0], states[1]) if kind == "lstm" else states[0]
    trained = torch.is_grad_enabled()
    made = _KERNELS[kind](x, first, weights, len(weights) > 2, 1, 0.0, trained, False, True)
    return list(made)
