"""EfficientNetV2: the early blocks are fused into plain convolutions."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from torchkeras import initializers, layers
from torchkeras.models import Model

from ._blocks import he_fan_out, squeeze_excite
from ._network import (
    Request,
    Weights,
    channel_axis,
    classified,
    documented,
    finished,
    image,
    located,
    pooled,
    renamed,
)
from ._unscaled import preprocess_input as preprocess_input
from ._weights import HOST, published
from .imagenet_utils import decode_predictions as decode_predictions

_MEAN_RGB, _DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_DROP_CONNECT = 0.2
# Whether the blocks are fused, repeats, expansion, filters in and out, stride. Blocks that are not
# fused have squeeze-and-excite.
_Stage = tuple[bool, int, int, int, int, int]
_B: tuple[_Stage, ...] = (
    (True, 1, 1, 32, 16, 1),
    (True, 2, 4, 16, 32, 2),
    (True, 2, 4, 32, 48, 2),
    (False, 3, 4, 48, 96, 2),
    (False, 5, 6, 96, 112, 1),
    (False, 8, 6, 112, 192, 2),
)
_S: tuple[_Stage, ...] = (
    (True, 2, 1, 24, 24, 1),
    (True, 4, 4, 24, 48, 2),
    (True, 4, 4, 48, 64, 2),
    (False, 6, 4, 64, 128, 2),
    (False, 9, 6, 128, 160, 1),
    (False, 15, 6, 160, 256, 2),
)
_M: tuple[_Stage, ...] = (
    (True, 3, 1, 24, 24, 1),
    (True, 5, 4, 24, 48, 2),
    (True, 5, 4, 48, 80, 2),
    (False, 7, 4, 80, 160, 2),
    (False, 14, 6, 160, 176, 1),
    (False, 18, 6, 176, 304, 2),
    (False, 5, 6, 304, 512, 1),
)
_L: tuple[_Stage, ...] = (
    (True, 4, 1, 32, 32, 1),
    (True, 7, 4, 32, 64, 2),
    (True, 7, 4, 64, 96, 2),
    (False, 10, 4, 96, 192, 2),
    (False, 19, 6, 192, 224, 1),
    (False, 25, 6, 224, 384, 2),
    (False, 7, 6, 384, 640, 1),
)


@dataclass(frozen=True, slots=True)
class _Variant:
    """What tells the networks of the family apart."""

    stages: tuple[_Stage, ...]
    size: int
    digests: tuple[str, str]
    width: float = 1.0
    depth: float = 1.0
    has_standardized_input: bool = False

    def filters(self, count: int) -> int:
        return max(8, int(count * self.width + 4) // 8 * 8)

    def repeats(self, count: int) -> int:
        return math.ceil(count * self.depth)


_VARIANTS = {
    "efficientnetv2-b0": _Variant(
        _B,
        224,
        ("21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"),
        1.0,
        1.0,
        True,
    ),
    "efficientnetv2-b1": _Variant(
        _B,
        240,
        ("069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"),
        1.0,
        1.1,
        True,
    ),
    "efficientnetv2-b2": _Variant(
        _B,
        260,
        ("424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"),
        1.1,
        1.2,
        True,
    ),
    "efficientnetv2-b3": _Variant(
        _B,
        300,
        ("1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"),
        1.2,
        1.4,
        True,
    ),
    "efficientnetv2-s": _Variant(
        _S,
        384,
        ("e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070"),
    ),
    "efficientnetv2-m": _Variant(
        _M,
        480,
        ("a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342"),
    ),
    "efficientnetv2-l": _Variant(
        _L,
        480,
        ("27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615"),
    ),
}


class _Network(Protocol):
    """A function with the arguments that the networks of the family have."""

    def __call__(
        self,
        include_top: bool = True,
        weights: Weights = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str | None = ...,
    ) -> Model:
        """Build the network."""


def _network(default_name: str) -> Callable[[Callable[[Request], Model]], _Network]:
    """Give a function of a `Request` the arguments that the networks of the family have."""

    def decorate(build: Callable[[Request], Model]) -> _Network:
        def made(
            include_top: bool = True,
            weights: Weights = "imagenet",
            input_tensor: Any = None,
            input_shape: Any = None,
            pooling: str | None = None,
            classes: int = 1000,
            classifier_activation: Any = "softmax",
            include_preprocessing: bool = True,
            name: str | None = default_name,
        ) -> Model:
            request = Request(
                include_top=include_top,
                weights=weights,
                input_tensor=input_tensor,
                input_shape=input_shape,
                pooling=pooling,
                classes=classes,
                classifier_activation=classifier_activation,
                name=name,
                include_preprocessing=include_preprocessing,
            )
            return build(request)

        return documented(renamed(made, build))

    return decorate


@_network("efficientnetv2-b0")
def EfficientNetV2B0(request: Request) -> Model:
    """Build EfficientNetV2B0, of 21 blocks, for images of 224 x 224.

    Source:
        M. Tan, Q. Le: EfficientNetV2: Smaller Models and Faster Training, 2021, arXiv:2104.00298.
    """
    return _build(request, "efficientnetv2-b0")


@_network("efficientnetv2-b1")
def EfficientNetV2B1(request: Request) -> Model:
    """Build EfficientNetV2B1, 1.0 times as wide and 1.1 as deep as B0, for images of 240 x 240.

    Source:
        M. Tan, Q. Le: EfficientNetV2: Smaller Models and Faster Training, 2021, arXiv:2104.00298.
    """
    return _build(request, "efficientnetv2-b1")


@_network("efficientnetv2-b2")
def EfficientNetV2B2(request: Request) -> Model:
    """Build EfficientNetV2B2, 1.1 times as wide and 1.2 as deep as B0, for images of 260 x 260.

    Source:
        M. Tan, Q. Le: EfficientNetV2: Smaller Models and Faster Training, 2021, arXiv:2104.00298.
    """
    return _build(request, "efficientnetv2-b2")


@_network("efficientnetv2-b3")
def EfficientNetV2B3(request: Request) -> Model:
    """Build EfficientNetV2B3, 1.2 times as wide and 1.4 as deep as B0, for images of 300 x 300.

    Source:
        M. Tan, Q. Le: EfficientNetV2: Smaller Models and Faster Training, 2021, arXiv:2104.00298.
    """
    return _build(request, "efficientnetv2-b3")


@_network("efficientnetv2-s")
def EfficientNetV2S(request: Request) -> Model:
    """Build EfficientNetV2S, the small network, for images of 384 x 384.

    Source:
        M. Tan, Q. Le: EfficientNetV2: Smaller Models and Faster Training, 2021, arXiv:2104.00298.
    """
    return _build(request, "efficientnetv2-s")


@_network("efficientnetv2-m")
def EfficientNetV2M(request: Request) -> Model:
    """Build EfficientNetV2M, the middle-sized network, for images of 480 x 480.

    Source:
        M. Tan, Q. Le: EfficientNetV2: Smaller Models and Faster Training, 2021, arXiv:2104.00298.
    """
    return _build(request, "efficientnetv2-m")


@_network("efficientnetv2-l")
def EfficientNetV2L(request: Request) -> Model:
    """Build EfficientNetV2L, the large network, for images of 480 x 480.

    Source:
        M. Tan, Q. Le: EfficientNetV2: Smaller Models and Faster Training, 2021, arXiv:2104.00298.
    """
    return _build(request, "efficientnetv2-l")


def _build(request: Request, stem: str) -> Model:
    variant = _VARIANTS[stem]
    x = start = image(request, variant.size)
    files = published(f"{HOST}/efficientnet_v2", stem, variant.digests)
    weights = located(request, files)
    if request.include_preprocessing:
        x = _scaled(x, variant.has_standardized_input)
    x = _convolved(x, variant.filters(variant.stages[0][3]), 3, 2, "stem_conv")
    x = _activated(x, "stem_")
    x = _blocks(x, variant)
    x = _convolved(x, variant.filters(1280), 1, 1, "top_conv")
    x = _activated(x, "top_")
    x = _classified(request, x) if request.include_top else pooled(request, x)
    return finished(request, start, x, weights)


def _scaled(x: Any, standardized: bool) -> Any:
    if not standardized or x.shape[channel_axis()] != 3:
        return layers.Rescaling(1 / 128, offset=-1)(x)
    x = layers.Rescaling(1 / 255)(x)
    variance = [deviation**2 for deviation in _DEVIATION_RGB]
    return layers.Normalization(channel_axis(), mean=list(_MEAN_RGB), variance=variance)(x)


def _blocks(x: Any, variant: _Variant) -> Any:
    total, done = sum(stage[1] for stage in variant.stages), 0
    for number, stage in enumerate(variant.stages, 1):
        fused, repeats, expansion, filters_in, filters_out, strides = stage
        block = _fused_block if fused else _block
        width, after = variant.filters(filters_in), variant.filters(filters_out)
        for index in range(variant.repeats(repeats)):
            name = f"block{number}{chr(ord('a') + index)}_"
            steps = 1 if index else strides
            y = block(x, width, after, expansion, steps, name)
            if steps == 1 and width == after:
                y = _added(x, y, _DROP_CONNECT * done / total, name)
            x, width, done = y, after, done + 1
    return x


def _block(x: Any, width: int, filters: int, expansion: int, strides: int, name: str) -> Any:
    """Widen, filter each channel, weigh the channels, narrow."""
    x = _activated(_convolved(x, width * expansion, 1, 1, f"{name}expand_conv"), f"{name}expand_")
    x = layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        depthwise_initializer=he_fan_out(),
        name=f"{name}dwconv2",
    )(x)
    x = squeeze_excite(_activated(x, name), max(1, width // 4), name)
    return _normalized(_convolved(x, filters, 1, 1, f"{name}project_conv"), f"{name}project_")


def _fused_block(x: Any, width: int, filters: int, expansion: int, strides: int, name: str) -> Any:
    """Widen and filter in one convolution, narrow; without widening, one convolution is all."""
    if expansion == 1:
        x = _convolved(x, filters, 3, strides, f"{name}project_conv")
        return _activated(x, f"{name}project_")
    x = _convolved(x, width * expansion, 3, strides, f"{name}expand_conv")
    x = _activated(x, f"{name}expand_")
    return _normalized(_convolved(x, filters, 1, 1, f"{name}project_conv"), f"{name}project_")


def _added(inputs: Any, x: Any, drop: float, name: str) -> Any:
    if drop > 0:
        x = layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.add([x, inputs], name=f"{name}add")


def _classified(request: Request, x: Any) -> Any:
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(0.2, name="top_dropout")(x)
    return classified(
        request,
        x,
        kernel_initializer=initializers.VarianceScaling(1 / 3, "fan_out", "uniform"),
        bias_initializer=initializers.Constant(0.0),
    )


def _convolved(x: Any, filters: int, kernel: int, strides: int, name: str) -> Any:
    return layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer=he_fan_out(),
        name=name,
    )(x)


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(channel_axis(), momentum=0.9, name=f"{name}bn")(x)


def _activated(x: Any, name: str) -> Any:
    return layers.Activation("swish", name=f"{name}activation")(_normalized(x, name))
