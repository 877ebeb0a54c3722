"""MobileNet: convolutions split into one for each channel and one across the channels."""

from typing import Any

from torchkeras import layers
from torchkeras._base.settings import image_data_format
from torchkeras.models import Model

from ._input_shape import Shape, obtain_input_shape
from ._mobile import pretrained_size
from ._network import (
    Request,
    Weights,
    channel_axis,
    documented,
    finished,
    located,
    pooled,
    sides,
    symbol,
)
from ._symmetric import preprocess_input as preprocess_input
from ._weights import HOST, Published, published
from .imagenet_utils import decode_predictions as decode_predictions

_SIZES = (128, 160, 192, 224)
_WIDTHS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
_BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *[(512, 1)] * 5,
    (1024, 2),
    (1024, 1),
)


@documented
def MobileNet(
    input_shape: Any = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 1e-3,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """Build MobileNet, of 13 depthwise separable convolutions, for images of 128 to 224 x 224.

    Source:
        A. Howard et al.: MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
        Applications, 2017, arXiv:1704.04861.

    Example:
        >>> import torch
        >>> from torchkeras.applications import MobileNet
        >>> net = MobileNet((32, 32, 3), alpha=0.25, weights=None, classes=5)
        >>> tuple(net(torch.zeros(1, 32, 32, 3)).shape)
        (1, 5)
    """
    request = Request(
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        name=name,
    )
    shape = _shape(request)
    size = pretrained_size(request, shape, _SIZES)
    start = symbol(request, shape)
    if request.is_pretrained:
        weights = located(request, _files(size, alpha, depth_multiplier))
    x = layers.Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(
        start
    )
    x = _activated(x, "conv1")
    for index, (filters, strides) in enumerate(_BLOCKS, 1):
        x = _block(x, int(filters * alpha), depth_multiplier, strides, index)
    x = _classified(request, x, dropout) if include_top else pooled(request, x, is_named=False)
    return finished(request, start, x, weights, f"mobilenet_{alpha:0.2f}_{size}")


def _shape(request: Request) -> Shape:
    given = request.input_shape
    rows, columns = sides(given) if given is not None else (None, None)
    default = rows if rows == columns and rows in _SIZES else 224
    smallest, form = 32, image_data_format()
    return obtain_input_shape(given, default, smallest, form, request.include_top, request.weights)


def _files(size: int | None, alpha: float, depth_multiplier: int) -> Published:
    if depth_multiplier != 1:
        raise ValueError(
            "With `weights='imagenet'`, `depth_multiplier` must be 1. "
            f"Received: depth_multiplier={depth_multiplier}."
        )
    if alpha not in _WIDTHS:
        raise ValueError(
            f"With `weights='imagenet'`, `alpha` must be one of {tuple(_WIDTHS)}. "
            f"Received: alpha={alpha}."
        )
    stem = f"mobilenet_{_WIDTHS[alpha]}_{size}_tf"
    return published(f"{HOST}/mobilenet", stem, no_top="_no_top")


def _block(x: Any, filters: int, multiplier: int, strides: int, index: int) -> Any:
    if strides == 2:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{index}")(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        depth_multiplier=multiplier,
        use_bias=False,
        name=f"conv_dw_{index}",
    )(x)
    x = _activated(x, f"conv_dw_{index}")
    name = f"conv_pw_{index}"
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=name)(x)
    return _activated(x, name)


def _classified(request: Request, x: Any, dropout: float) -> Any:
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(request.classes, 1, padding="same", name="conv_preds")(x)
    x = layers.Reshape((request.classes,), name="reshape_2")(x)
    return layers.Activation(request.classifier_activation, name="predictions")(x)


def _activated(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(channel_axis(-1), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
