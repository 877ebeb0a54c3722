"""Xception: residual blocks of separable convolutions."""

from collections.abc import Sequence
from typing import Any

from torchkeras import layers
from torchkeras.models import Model

from ._network import Request, channel_axis, finished, headed, image, located, network
from ._symmetric import preprocess_input as preprocess_input
from ._weights import kernels
from .imagenet_utils import decode_predictions as decode_predictions

_FILES = kernels(
    "xception",
    "xception",
    ("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"),
)


@network("xception")
def Xception(request: Request) -> Model:
    """Build Xception, of 14 blocks of separable convolutions, for images of 299 x 299.

    Source:
        F. Chollet: Xception: Deep Learning with Depthwise Separable Convolutions, 2016,
        arXiv:1610.02357.
    """
    start = image(request, 299, 71)
    weights = located(request, _FILES)
    x = layers.Conv2D(32, 3, strides=2, use_bias=False, name="block1_conv1")(start)
    x = _relu(_normalized(x, "block1_conv1_bn"), "block1_conv1_act")
    x = layers.Conv2D(64, 3, use_bias=False, name="block1_conv2")(x)
    x = _relu(_normalized(x, "block1_conv2_bn"), "block1_conv2_act")
    for block, filters in ((2, (128, 128)), (3, (256, 256)), (4, (728, 728))):
        x = _shrinking(x, block, filters)
    for block in range(5, 13):
        x = layers.add([_separable(x, block, (728, 728, 728), first=True), x])
    x = _shrinking(x, 13, (728, 1024))
    for index, count in enumerate((1536, 2048), 1):
        name = f"block14_sepconv{index}"
        x = _relu(_normalized(_convolved(x, count, name), f"{name}_bn"), f"{name}_act")
    return finished(request, start, headed(request, x, "avg_pool", False), weights)


def _shrinking(x: Any, block: int, filters: Sequence[int]) -> Any:
    """Add two ways of halving a map: separable convolutions with a pooling, and a projection."""
    project = layers.Conv2D(filters[-1], 1, strides=2, padding="same", use_bias=False)
    shortcut = _normalized(project(x))
    x = _separable(x, block, filters, first=block > 2)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{block}_pool")(x)
    return layers.add([x, shortcut])


def _separable(x: Any, block: int, filters: Sequence[int], first: bool) -> Any:
    """Put separable convolutions in a row, activated before each, the first one if asked for."""
    for index, count in enumerate(filters, 1):
        name = f"block{block}_sepconv{index}"
        if first or index > 1:
            x = _relu(x, f"{name}_act")
        x = _normalized(_convolved(x, count, name), f"{name}_bn")
    return x


def _convolved(x: Any, filters: int, name: str) -> Any:
    return layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)


def _normalized(x: Any, name: str | None = None) -> Any:
    return layers.BatchNormalization(channel_axis(-1), name=name)(x)


def _relu(x: Any, name: str) -> Any:
    return layers.Activation("relu", name=name)(x)
