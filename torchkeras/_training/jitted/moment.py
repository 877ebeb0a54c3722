"""What a forward pass changes, kept in case it has to be taken back."""

import torch
from torch import nn

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
        self._cpu = torch.get_rng_state()
        device = device_of(model) or self._cpu.device
        self._cuda = (device, torch.cuda.get_rng_state(device)) if device.type == "cuda" else None

    def restore(self) -> None:
        """Bring everything back."""
        with torch.no_grad():
            for tensor, kept in self._kept:
                tensor.copy_(kept)
        torch.set_rng_state(self._cpu)
        if self._cuda is not None:
            torch.cuda.set_rng_state(self._cuda[1], self._cuda[0])
