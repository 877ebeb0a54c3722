"""What a forward pass changes, kept in case it has to be taken back."""

import torch
from torch import nn

from torchkeras._base.rng import set_torch_rng_state, torch_rng_state
from torchkeras._state.variable import Variable
from torchkeras._training.walk import device_of
from torchkeras.metrics.metric import held


class Moment:
    """What a forward pass changes besides the weights: buffers, metrics, generators.

    Args:
        model: The model.
        metrics: Variables of metrics.
    """

    def __init__(self, model: nn.Module, metrics: list[Variable]) -> None:
        tensors = [*model.buffers(), *(held(variable) for variable in metrics)]
        self._kept = [(tensor, tensor.detach().clone()) for tensor in tensors]
        self._random = torch_rng_state(device_of(model) or torch.device("cpu"))

    def restore(self) -> None:
        """Bring everything back."""
        with torch.no_grad():
            for tensor, kept in self._kept:
                tensor.copy_(kept)
        set_torch_rng_state(self._random)
