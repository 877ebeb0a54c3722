"""EfficientNet: one searched network, scaled in width, depth and size of the images."""

import math
from dataclasses import dataclass
from typing import Any

from torchkeras import initializers, layers
from torchkeras.models import Model

from ._blocks import divisible, he_fan_out, squeeze_excite, stride_padding
from ._network import (
    Request,
    channel_axis,
    classified,
    finished,
    image,
    located,
    network,
    pooled,
)
from ._unscaled import preprocess_input as preprocess_input
from ._weights import published
from .imagenet_utils import decode_predictions as decode_predictions

_FOLDER = "https://storage.googleapis.com/keras-applications"
_DEVIATION_RGB = (0.229, 0.224, 0.225)
_DROP_CONNECT = 0.2
# The paper's table 1: kernel, repeats, filters in and out, expansion, stride.
_STAGES = (
    (3, 1, 32, 16, 1, 1),
    (3, 2, 16, 24, 6, 2),
    (5, 2, 24, 40, 6, 2),
    (3, 3, 40, 80, 6, 2),
    (5, 3, 80, 112, 6, 1),
    (5, 4, 112, 192, 6, 2),
    (3, 1, 192, 320, 6, 1),
)


@dataclass(frozen=True, slots=True)
class _Scale:
    """How a variant is larger than B0."""

    width: float
    depth: float
    size: int
    dropout: float
    digests: tuple[str, str]

    def filters(self, count: int) -> int:
        return divisible(count * self.width)

    def repeats(self, count: int) -> int:
        return math.ceil(count * self.depth)


_SCALES = {
    "efficientnetb0": _Scale(
        1.0, 1.0, 224, 0.2, ("902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d")
    ),
    "efficientnetb1": _Scale(
        1.0, 1.1, 240, 0.2, ("1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432")
    ),
    "efficientnetb2": _Scale(
        1.1, 1.2, 260, 0.3, ("b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39")
    ),
    "efficientnetb3": _Scale(
        1.2, 1.4, 300, 0.3, ("ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226")
    ),
    "efficientnetb4": _Scale(
        1.4, 1.8, 380, 0.4, ("18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba")
    ),
    "efficientnetb5": _Scale(
        1.6, 2.2, 456, 0.4, ("ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f")
    ),
    "efficientnetb6": _Scale(
        1.8, 2.6, 528, 0.5, ("165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743")
    ),
    "efficientnetb7": _Scale(
        2.0, 3.1, 600, 0.5, ("8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a")
    ),
}


@network("efficientnetb0")
def EfficientNetB0(request: Request) -> Model:
    """Build EfficientNetB0, the network that the others scale up, for images of 224 x 224.

    Source:
        M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
        2019, arXiv:1905.11946.
    """
    return _build(request, "efficientnetb0")


@network("efficientnetb1")
def EfficientNetB1(request: Request) -> Model:
    """Build EfficientNetB1, 1.0 times as wide and 1.1 as deep as B0, for images of 240 x 240.

    Source:
        M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
        2019, arXiv:1905.11946.
    """
    return _build(request, "efficientnetb1")


@network("efficientnetb2")
def EfficientNetB2(request: Request) -> Model:
    """Build EfficientNetB2, 1.1 times as wide and 1.2 as deep as B0, for images of 260 x 260.

    Source:
        M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
        2019, arXiv:1905.11946.
    """
    return _build(request, "efficientnetb2")


@network("efficientnetb3")
def EfficientNetB3(request: Request) -> Model:
    """Build EfficientNetB3, 1.2 times as wide and 1.4 as deep as B0, for images of 300 x 300.

    Source:
        M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
        2019, arXiv:1905.11946.
    """
    return _build(request, "efficientnetb3")


@network("efficientnetb4")
def EfficientNetB4(request: Request) -> Model:
    """Build EfficientNetB4, 1.4 times as wide and 1.8 as deep as B0, for images of 380 x 380.

    Source:
        M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
        2019, arXiv:1905.11946.
    """
    return _build(request, "efficientnetb4")


@network("efficientnetb5")
def EfficientNetB5(request: Request) -> Model:
    """Build EfficientNetB5, 1.6 times as wide and 2.2 as deep as B0, for images of 456 x 456.

    Source:
        M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
        2019, arXiv:1905.11946.
    """
    return _build(request, "efficientnetb5")


@network("efficientnetb6")
def EfficientNetB6(request: Request) -> Model:
    """Build EfficientNetB6, 1.8 times as wide and 2.6 as deep as B0, for images of 528 x 528.

    Source:
        M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
        2019, arXiv:1905.11946.
    """
    return _build(request, "efficientnetb6")


@network("efficientnetb7")
def EfficientNetB7(request: Request) -> Model:
    """Build EfficientNetB7, 2.0 times as wide and 3.1 as deep as B0, for images of 600 x 600.

    Source:
        M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks,
        2019, arXiv:1905.11946.
    """
    return _build(request, "efficientnetb7")


def _build(request: Request, stem: str) -> Model:
    scale = _SCALES[stem]
    start = image(request, scale.size)
    weights = located(request, published(_FOLDER, stem, scale.digests))
    x = _scaled(request, start)
    x = layers.ZeroPadding2D(stride_padding(x, 3), name="stem_conv_pad")(x)
    x = _convolved(x, scale.filters(32), "stem_conv", strides=2)
    x = _activated(x, "stem_")
    x = _blocks(x, scale)
    x = _convolved(x, scale.filters(1280), "top_conv", padding="same")
    x = _activated(x, "top_")
    x = _classified(request, x, scale.dropout) if request.include_top else pooled(request, x)
    return finished(request, start, x, weights)


def _scaled(request: Request, x: Any) -> Any:
    """Bring pixels from 0 ... 255 to the mean and deviation that the weights know."""
    x = layers.Rescaling(1 / 255)(x)
    x = layers.Normalization(axis=channel_axis())(x)
    if request.is_pretrained:
        # The published networks were trained with images that were divided twice.
        x = layers.Rescaling([1 / math.sqrt(deviation) for deviation in _DEVIATION_RGB])(x)
    return x


def _blocks(x: Any, scale: _Scale) -> Any:
    total, done = sum(scale.repeats(stage[1]) for stage in _STAGES), 0
    for number, (kernel, repeats, filters_in, filters_out, expansion, strides) in enumerate(
        _STAGES, 1
    ):
        width = scale.filters(filters_in)
        for index in range(scale.repeats(repeats)):
            name = f"block{number}{chr(ord('a') + index)}_"
            drop = _DROP_CONNECT * done / total
            after = scale.filters(filters_out)
            x = _block(x, kernel, width, after, expansion, 1 if index else strides, drop, name)
            width, done = after, done + 1
    return x


def _block(
    inputs: Any,
    kernel: int,
    filters_in: int,
    filters_out: int,
    expansion: int,
    strides: int,
    drop: float,
    name: str,
) -> Any:
    """Widen, filter each channel, weigh the channels, narrow."""
    x, padding = inputs, "same"
    if expansion > 1:
        x = _convolved(x, filters_in * expansion, f"{name}expand_conv", padding="same")
        x = _activated(x, f"{name}expand_")
    if strides == 2:
        x = layers.ZeroPadding2D(stride_padding(x, kernel), name=f"{name}dwconv_pad")(x)
        padding = "valid"
    x = layers.DepthwiseConv2D(
        kernel,
        strides=strides,
        padding=padding,
        use_bias=False,
        depthwise_initializer=he_fan_out(),
        name=f"{name}dwconv",
    )(x)
    x = _activated(x, name)
    x = squeeze_excite(x, max(1, filters_in // 4), name)
    x = _convolved(x, filters_out, f"{name}project_conv", padding="same")
    x = layers.BatchNormalization(channel_axis(), name=f"{name}project_bn")(x)
    if strides > 1 or filters_in != filters_out:
        return x
    if drop > 0:
        x = layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.add([x, inputs], name=f"{name}add")


def _classified(request: Request, x: Any, dropout: float) -> Any:
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(dropout, name="top_dropout")(x)
    initializer = initializers.VarianceScaling(1 / 3, "fan_out", "uniform")
    return classified(request, x, kernel_initializer=initializer)


def _convolved(x: Any, filters: int, name: str, **options: Any) -> Any:
    size = 3 if name == "stem_conv" else 1
    return layers.Conv2D(
        filters, size, use_bias=False, kernel_initializer=he_fan_out(), name=name, **options
    )(x)


def _activated(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(channel_axis(), name=f"{name}bn")(x)
    return layers.Activation("swish", name=f"{name}activation")(x)
