"""A rectifier before a max-pooling runs after it, on a fraction of the numbers.

`max(relu(x))` and `relu(max(x))` are the same to the last bit, and so are their gradients: where
the maximum is not positive none passes, and elsewhere it passes to the same entry.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx

from torchkeras import activations, layers
from torchkeras.layers.base.plain import is_plain
from torchkeras.layers.layer import Layer

_CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
_POOLINGS = (
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.MaxPooling3D,
    layers.GlobalMaxPooling1D,
    layers.GlobalMaxPooling2D,
    layers.GlobalMaxPooling3D,
)


class LateRectifier:
    """A rectifying layer and the pooling that alone takes its outputs, called as one."""

    def __init__(self, rectifying: Layer, pooling: Layer) -> None:
        self.rectifying, self.pooling = rectifying, pooling

    def __call__(self, inputs: Any) -> Any:
        before = self._before_rectifying(inputs)
        if before is None:
            return self.pooling(self.rectifying(inputs))
        try:
            outputs = before(inputs)
        except Exception as error:
            self.rectifying._explain(inputs, error)
            raise
        return torch.relu(self.pooling(outputs))

    def _before_rectifying(self, inputs: Any) -> Callable[[Tensor], Tensor] | None:
        """Return what runs before the rectifier, or `None` if somebody would see the difference."""
        rectifying, pooling = self.rectifying, self.pooling
        if (
            torch.compiler.is_compiling()
            or type(inputs) is not Tensor
            or inputs.dtype is not rectifying._seen_dtype
            or inputs.dim() != rectifying._seen_ndim
            or not is_plain(rectifying, type(rectifying))
            or not is_plain(pooling, type(pooling))
        ):
            return None
        return _before_rectifier(rectifying)


def rectify_late(graph: fx.Graph, called: dict[str, Any]) -> None:
    """Let the rectifiers of a program run after the max-poolings that alone take their outputs.

    Args:
        graph: The program; calls are changed in place.
        called: The layers by the name under which the graph calls them; pairs are added.
    """
    for node in list(graph.nodes):
        pooling = _layer_called(node, called)
        if type(pooling) not in _POOLINGS:
            continue
        before = node.args[0]
        rectifying = _layer_called(before, called)
        if rectifying is None or len(before.users) > 1:
            continue
        if _before_rectifier(rectifying) is not None:
            key = f"{before.target}_and_{node.target}"
            called[key] = LateRectifier(rectifying, pooling)
            with graph.inserting_before(node):
                pair = graph.call_module(key, before.args)
            node.replace_all_uses_with(pair)
            graph.erase_node(node)
            graph.erase_node(before)


def _layer_called(node: Any, called: dict[str, Any]) -> Any:
    """Return the layer that a node calls with one argument and nothing else, or `None`."""
    if not isinstance(node, fx.Node) or node.op != "call_module":
        return None
    layer = called[str(node.target)]
    is_plain_call = len(node.args) == 1 and not node.kwargs
    return layer if is_plain_call and isinstance(layer, Layer) else None


def _before_rectifier(layer: Layer) -> Callable[[Tensor], Tensor] | None:
    """Return what a layer does before it rectifies, or `None` if it does something else at last."""
    if layer.activity_regularizer is not None:
        return None
    if type(layer) in _CONVOLUTIONS:
        convolution: Any = layer
        return convolution.without_activation if convolution._rectifies else None
    if isinstance(layer, layers.Activation) and type(layer) is layers.Activation:
        return _unchanged if layer.activation is activations.relu else None
    if isinstance(layer, layers.ReLU) and type(layer) is layers.ReLU:
        plain = layer.max_value is None and layer.negative_slope == layer.threshold == 0
        return _unchanged if plain else None
    return None


def _unchanged(x: Tensor) -> Tensor:
    return x
