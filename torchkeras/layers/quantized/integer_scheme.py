"""int8 and int4: the weights of a layer become whole numbers with scales."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from torchkeras._state.layout import SAME, Layout, Permuted
from torchkeras.dtype_policies import Int4DTypePolicy
from torchkeras.layers.base.low_rank import LowRank
from torchkeras.quantizers import Int4QuantizationConfig, QuantizationConfig

from .form import Quantized, Quantizer, Settings, become
from .int4_matrix import Int4Columns, Int4Rows
from .int8 import Int8Matrix
from .kinds import CORRECTED, INTEGER
from .place import Place, Shown
from .scheme import Request, Scheme


class IntegerScheme(Scheme):
    """Whole numbers of 8 or 4 bits.

    Args:
        mode: `"int8"` or `"int4"`.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def convert(self, place: Place, request: Request) -> Tensor:
        kind = INTEGER[self.mode][place.kind]
        if isinstance(place.module, LowRank):
            kind = CORRECTED[kind]
        return become(place.module, kind, replace(self._settings(request), second=place.second))

    def _settings(self, request: Request) -> Settings:
        config, policy = request.config, request.policy
        inputs = QuantizationConfig.activation_quantizer_or_default(config, request.usual_inputs)
        block_size = None
        if isinstance(config, Int4QuantizationConfig):
            block_size = config.block_size
        elif isinstance(policy, Int4DTypePolicy) and policy.block_size != -1:
            block_size = policy.block_size
        return Settings(inputs, block_size)

    def fill(self, place: Place, weight: Tensor, request: Request) -> None:
        custom = QuantizationConfig.weight_quantizer_or_default(request.config, None)
        assert isinstance(place.module, Quantized)
        with torch.no_grad():
            place.module.take(weight, None if custom is None else in_torch_order(place, custom))

    def shown(self, place: Place) -> list[Shown]:
        module = place.module
        assert isinstance(module, Quantized)
        found = []
        for key, suffix in module.shown.items():
            if key in module._buffers:
                name = suffix if key == "g_idx" else f"{place.name}{suffix}"
                found.append(Shown(key, name, name, _layout(place, module, key)))
        return found


def in_torch_order(place: Place, custom: Any) -> Quantizer:
    """Return a quantizer of torch's weight that shows it to another one in Keras's shape.

    Args:
        place: The weight's place.
        custom: A quantizer that a user has made.
    """

    def quantize(weight: Tensor) -> tuple[Tensor, Tensor]:
        whole, scale = custom(place.layout.to_keras(weight), to_numpy=True)
        (rows,) = place.layout.to_torch(whole)
        return rows, scale

    return quantize


def _layout(place: Place, module: Quantized, key: str) -> Layout:
    if isinstance(module, Int8Matrix):
        return place.layout if key == "weight" else place.scale_layout
    if isinstance(module, Int4Rows) and getattr(module, key).ndim == 2:
        return place.layout if isinstance(place.layout, Permuted) else SAME
    return SAME


def unpacked(place: Place) -> Tensor | None:
    """Return the whole numbers in the shape of the weight, where they are packed.

    Args:
        place: The weight's place.
    """
    module = place.module
    if isinstance(module, Int4Rows):
        return module.whole()
    if not isinstance(module, Int4Columns):
        return None
    like = torch.empty((module.packed_size, module.inputs), device="meta")
    shape = getattr(module, "shape", None) or place.layout.to_keras(like).shape
    return module.whole().reshape(shape)
