"""Residual networks, with the activations after the sums or before the convolutions."""

from collections.abc import Sequence
from typing import Any

from torchkeras import layers
from torchkeras.models import Model

from ._network import Request, channel_axis, finished, headed, image, located
from ._weights import Published

_FILTERS = (64, 128, 256, 512)


def resnet(request: Request, depths: Sequence[int], files: Published) -> Model:
    """Build a residual network of 2015, activated after each sum.

    Args:
        request: What the caller asked for.
        depths: The number of blocks of each stage.
        files: Its published weights.
    """
    start = image(request, 224)
    weights = located(request, files)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(_padded(start, 3, "conv1"))
    x = _small_maps(_activated(x, "conv1"))
    for stage, (depth, filters) in enumerate(zip(depths, _FILTERS, strict=True), 2):
        for index in range(1, depth + 1):
            strides = 2 if index == 1 and stage > 2 else 1
            x = _block(x, filters, strides, index == 1, f"conv{stage}_block{index}")
    return finished(request, start, headed(request, x, "avg_pool", True), weights)


def resnet_v2(request: Request, depths: Sequence[int], files: Published) -> Model:
    """Build a residual network of 2016, activated before each convolution.

    Args:
        request: What the caller asked for.
        depths: The number of blocks of each stage.
        files: Its published weights.
    """
    start = image(request, 224)
    weights = located(request, files)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(_padded(start, 3, "conv1"))
    x = _small_maps(x)
    for stage, (depth, filters) in enumerate(zip(depths, _FILTERS, strict=True), 2):
        for index in range(1, depth + 1):
            strides = 2 if index == depth and stage < 5 else 1
            x = _preactivated_block(x, filters, strides, index == 1, f"conv{stage}_block{index}")
    x = _activated(x, "post")
    return finished(request, start, headed(request, x, "avg_pool", True), weights)


def _block(x: Any, filters: int, strides: int, projects: bool, name: str) -> Any:
    shortcut = x
    if projects:
        shortcut = layers.Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(x)
        shortcut = _normalized(shortcut, f"{name}_0")
    x = layers.Conv2D(filters, 1, strides=strides, name=f"{name}_1_conv")(x)
    x = _activated(x, f"{name}_1")
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = _activated(x, f"{name}_2")
    x = _normalized(layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x), f"{name}_3")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _preactivated_block(x: Any, filters: int, strides: int, projects: bool, name: str) -> Any:
    active = _activated(x, f"{name}_preact")
    if projects:
        shortcut = layers.Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(active)
    else:
        shortcut = layers.MaxPooling2D(1, strides=strides)(x) if strides > 1 else x
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(active)
    x = _padded(_activated(x, f"{name}_1"), 1, f"{name}_2")
    x = layers.Conv2D(filters, 3, strides=strides, use_bias=False, name=f"{name}_2_conv")(x)
    x = _activated(x, f"{name}_2")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


def _small_maps(x: Any) -> Any:
    return layers.MaxPooling2D(3, strides=2, name="pool1_pool")(_padded(x, 1, "pool1"))


def _padded(x: Any, width: int, name: str) -> Any:
    return layers.ZeroPadding2D(width, name=f"{name}_pad")(x)


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(channel_axis(), epsilon=1.001e-5, name=f"{name}_bn")(x)


def _activated(x: Any, name: str) -> Any:
    return layers.Activation("relu", name=f"{name}_relu")(_normalized(x, name))
