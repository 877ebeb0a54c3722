"""The layers of a model that have no layers below themselves."""

from collections.abc import Iterator
from typing import Any

from torchkeras.layers.layer import Layer


def innermost_layers(layer: Any) -> Iterator[Layer]:
    """Yield the layers below one that have no layers below themselves.

    Args:
        layer: A layer, which may be the only one.
    """
    for module in layer.modules():
        if isinstance(module, Layer):
            below = (inner for inner in module.modules() if inner is not module)
            if not any(isinstance(inner, Layer) for inner in below):
                yield module
