"""Densely connected networks: each block sees the maps of all blocks before it in its stage."""

from collections.abc import Sequence
from typing import Any

from torchkeras import layers
from torchkeras.models import Model

from ._network import (
    Request,
    channel_axis,
    finished,
    headed,
    image,
    located,
    network,
    require_channels_last,
)
from ._standardized import preprocess_input as preprocess_input
from ._weights import kernels
from .imagenet_utils import decode_predictions as decode_predictions

_GROWTH = 32
_DIGESTS = {
    "densenet121": (
        "9d60b8095a5708f2dcce2bca79d332c7",
        "30ee3e1110167f948a6b9946edeeb738",
    ),
    "densenet169": (
        "d699b8f76981ab1b30698df4c175e90b",
        "b8c4d4c20dd625c148057b9ff1c1176b",
    ),
    "densenet201": (
        "1ceb130c1ea1b78c3bf6114dbdfd8807",
        "c13680b51ded0fb44dff2d8f86ac8bb1",
    ),
}


@network("densenet121")
def DenseNet121(request: Request) -> Model:
    """Build DenseNet121, of 58 blocks in four stages, for images of 224 x 224.

    Source:
        G. Huang, Z. Liu, L. van der Maaten, K. Weinberger: Densely Connected Convolutional
        Networks, 2016, arXiv:1608.06993.
    """
    return _build(request, "densenet121", (6, 12, 24, 16))


@network("densenet169")
def DenseNet169(request: Request) -> Model:
    """Build DenseNet169, of 82 blocks in four stages, for images of 224 x 224.

    Source:
        G. Huang, Z. Liu, L. van der Maaten, K. Weinberger: Densely Connected Convolutional
        Networks, 2016, arXiv:1608.06993.
    """
    return _build(request, "densenet169", (6, 12, 32, 32))


@network("densenet201")
def DenseNet201(request: Request) -> Model:
    """Build DenseNet201, of 98 blocks in four stages, for images of 224 x 224.

    Source:
        G. Huang, Z. Liu, L. van der Maaten, K. Weinberger: Densely Connected Convolutional
        Networks, 2016, arXiv:1608.06993.
    """
    return _build(request, "densenet201", (6, 12, 48, 32))


def _build(request: Request, stem: str, depths: Sequence[int]) -> Model:
    require_channels_last("DenseNet")
    start = image(request, 224)
    weights = located(request, kernels("densenet", stem, _DIGESTS[stem]))
    x = layers.ZeroPadding2D(3)(start)
    x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
    x = layers.ZeroPadding2D(1)(_activated(x, "conv1_bn", "conv1_relu"))
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage, depth in enumerate(depths, 2):
        if stage > 2:
            x = _transition(x, f"pool{stage - 1}")
        for index in range(1, depth + 1):
            x = _block(x, f"conv{stage}_block{index}")
    x = _activated(x, "bn", "relu")
    return finished(request, start, headed(request, x, "avg_pool", True), weights)


def _block(x: Any, name: str) -> Any:
    new = _activated(x, f"{name}_0_bn", f"{name}_0_relu")
    new = layers.Conv2D(4 * _GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(new)
    new = _activated(new, f"{name}_1_bn", f"{name}_1_relu")
    new = layers.Conv2D(_GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return layers.Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, new])


def _transition(x: Any, name: str) -> Any:
    """Halve the channels and the size of a map."""
    x = _activated(x, f"{name}_bn", f"{name}_relu")
    half = x.shape[channel_axis()] // 2
    x = layers.Conv2D(half, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _activated(x: Any, norm_name: str, name: str) -> Any:
    x = layers.BatchNormalization(channel_axis(), epsilon=1.001e-5, name=norm_name)(x)
    return layers.Activation("relu", name=name)(x)
