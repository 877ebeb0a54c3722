"""MobileNetV3: inverted residual blocks found by search, with squeeze-and-excite and hard swish."""

from collections.abc import Callable
from typing import Any

from torchkeras import layers
from torchkeras._base.settings import image_data_format
from torchkeras._symbolic.tensor import is_keras_tensor
from torchkeras.models import Model

from ._blocks import divisible, stride_padding
from ._input_shape import Shape
from ._mobile import check_tensor, normalized, pretrained_size
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
from ._unscaled import preprocess_input as preprocess_input
from ._weights import HOST, Published, published
from .imagenet_utils import decode_predictions as decode_predictions

_SMALLEST = 32
_DIGESTS = {
    "large_224_0.75": ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    "large_224_1.0": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    "large_minimalistic_224_1.0": (
        "675e7b876c45c57e9e63e6d90a36599c",
        "ec5221f64a2f6d1ef965a614bdae7973",
    ),
    "small_224_0.75": ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    "small_224_1.0": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    "small_minimalistic_224_1.0": (
        "99cd97fb2fcdad2bf028eb838de69e37",
        "cde8136e733e811080d9fcd8a252f7e4",
    ),
}
# The paper's tables 1 and 2: expansion, filters, kernel, stride, and whether a block has
# squeeze-and-excite (S) and hard swish (H).
_SMALL = (
    (1, 16, 3, 2, "S"),
    (72 / 16, 24, 3, 2, ""),
    (88 / 24, 24, 3, 1, ""),
    (4, 40, 5, 2, "SH"),
    (6, 40, 5, 1, "SH"),
    (6, 40, 5, 1, "SH"),
    (3, 48, 5, 1, "SH"),
    (3, 48, 5, 1, "SH"),
    (6, 96, 5, 2, "SH"),
    (6, 96, 5, 1, "SH"),
    (6, 96, 5, 1, "SH"),
)
_LARGE = (
    (1, 16, 3, 1, ""),
    (4, 24, 3, 2, ""),
    (3, 24, 3, 1, ""),
    (3, 40, 5, 2, "S"),
    (3, 40, 5, 1, "S"),
    (3, 40, 5, 1, "S"),
    (6, 80, 3, 2, "H"),
    (2.5, 80, 3, 1, "H"),
    (2.3, 80, 3, 1, "H"),
    (2.3, 80, 3, 1, "H"),
    (6, 112, 3, 1, "SH"),
    (6, 112, 3, 1, "SH"),
    (6, 160, 5, 2, "SH"),
    (6, 160, 5, 1, "SH"),
    (6, 160, 5, 1, "SH"),
)


@documented
def MobileNetV3Small(
    input_shape: Any = None,
    alpha: float = 1.0,
    minimalistic: bool = False,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    classes: int = 1000,
    pooling: str | None = None,
    dropout_rate: float = 0.2,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str | None = "MobileNetV3Small",
) -> Model:
    """Build MobileNetV3Small, of 11 inverted residual blocks, for images of 224 x 224.

    Source:
        A. Howard et al.: Searching for MobileNetV3, 2019, arXiv:1905.02244.
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
        include_preprocessing=include_preprocessing,
    )
    return _build(request, "small", _SMALL, 1024, alpha, minimalistic, dropout_rate)


@documented
def MobileNetV3Large(
    input_shape: Any = None,
    alpha: float = 1.0,
    minimalistic: bool = False,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    classes: int = 1000,
    pooling: str | None = None,
    dropout_rate: float = 0.2,
    classifier_activation: Any = "softmax",
    include_preprocessing: bool = True,
    name: str | None = "MobileNetV3Large",
) -> Model:
    """Build MobileNetV3Large, of 15 inverted residual blocks, for images of 224 x 224.

    Source:
        A. Howard et al.: Searching for MobileNetV3, 2019, arXiv:1905.02244.
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
        include_preprocessing=include_preprocessing,
    )
    return _build(request, "large", _LARGE, 1280, alpha, minimalistic, dropout_rate)


def _build(
    request: Request,
    size: str,
    blocks: tuple[tuple[float, int, int, int, str], ...],
    last_filters: int,
    alpha: float,
    minimalistic: bool,
    dropout: float,
) -> Model:
    check_tensor(request)
    shape = _shape(request)
    pretrained_size(request, shape, (224,))
    weights = request.weights
    if request.is_pretrained:
        weights = located(request, _files(size, alpha, minimalistic))
    x = start = symbol(request, shape)
    if request.include_preprocessing:
        x = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    last_act = _relu if minimalistic else _hard_swish
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    x = last_act(normalized(x, "conv_bn"))
    for index, (expansion, filters, kernel, strides, extras) in enumerate(blocks):
        act = _hard_swish if "H" in extras and not minimalistic else _relu
        kernel, excites = (3, False) if minimalistic else (kernel, "S" in extras)
        width = divisible(filters * alpha)
        x = _block(x, expansion, width, kernel, strides, excites, act, index)
    wide = divisible(x.shape[channel_axis()] * 6)
    x = layers.Conv2D(wide, 1, padding="same", use_bias=False, name="conv_1")(x)
    x = last_act(normalized(x, "conv_1_bn"))
    if request.include_top:
        last_filters = divisible(last_filters * alpha) if alpha > 1 else last_filters
        x = _classified(request, x, last_filters, last_act, dropout)
    else:
        x = pooled(request, x)
    return finished(request, start, x, weights)


def _shape(request: Request) -> Shape:
    """Return the shape of an image, which may stay unknown: nothing here needs to know it."""
    shape = request.input_shape
    if shape is None and is_keras_tensor(request.input_tensor):
        shape = request.input_tensor.shape[1:]
    if shape is None:
        shape = (None, None, 3) if image_data_format() == "channels_last" else (3, None, None)
    if any(side is not None and side < _SMALLEST for side in sides(shape)):
        raise ValueError(
            f"Images must be at least {_SMALLEST} x {_SMALLEST}. Received: "
            f"input_shape={tuple(shape)}."
        )
    return tuple(shape)


def _files(size: str, alpha: float, minimalistic: bool) -> Published:
    stem = f"{size}{'_minimalistic' if minimalistic else ''}_224_{float(alpha)}"
    if stem not in _DIGESTS:
        raise ValueError(
            "With `weights='imagenet'`, `alpha` must be 0.75 or 1.0, and 1.0 with "
            f"`minimalistic=True`. Received: alpha={alpha}, minimalistic={minimalistic}."
        )
    whole = f"weights_mobilenet_v3_{stem}_float"
    return published(f"{HOST}/mobilenet_v3", whole, _DIGESTS[stem], "_no_top_v2")


def _block(
    x: Any,
    expansion: float,
    filters: int,
    kernel: int,
    strides: int,
    excites: bool,
    act: Callable[[Any], Any],
    index: int,
) -> Any:
    inputs, channels = x, x.shape[channel_axis()]
    wide = divisible(channels * expansion)
    name = f"expanded_conv_{index}_" if index else "expanded_conv_"
    if index:
        x = layers.Conv2D(wide, 1, padding="same", use_bias=False, name=f"{name}expand")(x)
        x = act(normalized(x, f"{name}expand_bn"))
    if strides == 2:
        x = layers.ZeroPadding2D(stride_padding(x, kernel), name=f"{name}depthwise_pad")(x)
    x = layers.DepthwiseConv2D(
        kernel,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        use_bias=False,
        name=f"{name}depthwise",
    )(x)
    x = act(normalized(x, f"{name}depthwise_bn"))
    if excites:
        x = _squeeze_excite(x, wide, f"{name}squeeze_excite_")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(x)
    x = normalized(x, f"{name}project_bn")
    if strides == 1 and channels == filters:
        return layers.Add(name=f"{name}add")([inputs, x])
    return x


def _squeeze_excite(x: Any, filters: int, name: str) -> Any:
    gate = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}avg_pool")(x)
    gate = layers.Conv2D(divisible(filters / 4), 1, padding="same", name=f"{name}conv")(gate)
    gate = layers.ReLU(name=f"{name}relu")(gate)
    gate = layers.Conv2D(filters, 1, padding="same", name=f"{name}conv_1")(gate)
    gate = layers.ReLU(6.0)(gate + 3.0) * (1 / 6)
    return layers.Multiply(name=f"{name}mul")([x, gate])


def _classified(
    request: Request, x: Any, filters: int, act: Callable[[Any], Any], dropout: float
) -> Any:
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = act(layers.Conv2D(filters, 1, padding="same", name="conv_2")(x))
    if dropout > 0:
        x = layers.Dropout(dropout)(x)
    x = layers.Conv2D(request.classes, 1, padding="same", name="logits")(x)
    x = layers.Flatten()(x)
    return layers.Activation(request.classifier_activation, name="predictions")(x)


def _relu(x: Any) -> Any:
    return layers.ReLU()(x)


def _hard_swish(x: Any) -> Any:
    return layers.Activation("hard_swish")(x)
