"""Quantized weights with a correction (LoRA) as files keep them: merged, and quantized again."""

import copy
import functools
from typing import Any

import torch
from torch import Tensor, nn

from torchkeras._state.variable import Variable
from torchkeras.layers.base.lora import Adaptable, Merged

from .form import Quantized
from .place import Place


def merged_parts(layer: Adaptable, place: Place, variables: list[Variable]) -> list[Any]:
    """Return a layer's variables of one place as files keep them.

    Args:
        layer: The layer, which has a correction.
        place: The corrected weight's place.
        variables: Its whole numbers, scales, and so on.
    """

    @functools.cache
    def twin() -> nn.Module:
        return _quantized_again(place, layer.merged_weight())

    def read(variable: Variable) -> Tensor:
        ((_, key),) = variable.parts
        return variable.to_keras(getattr(twin(), key))

    return [Merged(layer, v, functools.partial(read, v)) for v in variables]


def _quantized_again(place: Place, weight: Tensor) -> nn.Module:
    """Return a copy of a quantized module that holds another weight, given in Keras's shape."""
    module = copy.copy(place.module)
    assert isinstance(module, Quantized)
    module._buffers = {key: value.clone() for key, value in place.module._buffers.items()}  # type: ignore[union-attr]
    with torch.no_grad():
        (laid,) = place.layout.to_torch(weight)
        module.take(laid, None)
    return module
