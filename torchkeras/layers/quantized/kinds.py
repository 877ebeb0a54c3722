"""Which class of a quantized module stands for which one of torch."""

from torch import nn

from torchkeras._base.messages import show
from torchkeras.layers.base.einsum import Einsum

from .calibrated import CalibratedLinear
from .float8 import Float8, Float8Einsum, Float8Linear
from .form import Quantized
from .int4 import (
    Int4Einsum,
    Int4Embedding,
    Int4Linear,
    LowRankInt4Einsum,
    LowRankInt4Embedding,
    LowRankInt4Linear,
)
from .int8 import (
    Int8Einsum,
    Int8Embedding,
    Int8Linear,
    LowRankInt8Einsum,
    LowRankInt8Embedding,
    LowRankInt8Linear,
)

Kind = type[nn.Module]
INTEGER: dict[str, dict[Kind, type[Quantized]]] = {
    "int8": {nn.Linear: Int8Linear, Einsum: Int8Einsum, nn.Embedding: Int8Embedding},
    "int4": {nn.Linear: Int4Linear, Einsum: Int4Einsum, nn.Embedding: Int4Embedding},
}
FLOAT8: dict[Kind, type[Float8]] = {nn.Linear: Float8Linear, Einsum: Float8Einsum}
CORRECTED: dict[Kind, type[Quantized]] = {
    Int8Linear: LowRankInt8Linear,
    Int8Einsum: LowRankInt8Einsum,
    Int8Embedding: LowRankInt8Embedding,
    Int4Linear: LowRankInt4Linear,
    Int4Einsum: LowRankInt4Einsum,
    Int4Embedding: LowRankInt4Embedding,
}
_STOCK: dict[Kind, Kind] = {
    **{kind: kind for kind in INTEGER["int8"]},
    **{kind: stock for kinds in INTEGER.values() for stock, kind in kinds.items()},
    CalibratedLinear: nn.Linear,
}


def stock_kind(module: nn.Module, layer_name: str) -> Kind:
    """Return the class of torch whose work a module does.

    Args:
        module: The module, quantized or not.
        layer_name: The name of its layer.

    Raises:
        TypeError: If another tool has replaced the module.
    """
    is_whole = "weight" in {**module._parameters, **module._buffers}
    for kind in type(module).__mro__:
        if kind in _STOCK and (is_whole or kind is CalibratedLinear):
            return _STOCK[kind]
    raise TypeError(
        f"Quantization needs a module of torch as it is made. Received: layer {layer_name!r} "
        f"with {show(module)} of class `{type(module).__name__}`. Quantize before other tools "
        "replace the module."
    )
