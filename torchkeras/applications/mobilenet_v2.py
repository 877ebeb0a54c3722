"""MobileNetV2: residual blocks that widen, filter each channel, and narrow again."""

from typing import Any

from torchkeras import layers
from torchkeras._base.settings import image_data_format
from torchkeras._symbolic.tensor import is_keras_tensor
from torchkeras.models import Model

from ._blocks import divisible, stride_padding
from ._input_shape import Shape, obtain_input_shape
from ._mobile import check_tensor, normalized, pretrained_size
from ._network import (
    Request,
    Weights,
    channel_axis,
    documented,
    finished,
    headed,
    located,
    sides,
    symbol,
)
from ._symmetric import preprocess_input as preprocess_input
from ._weights import HOST, Published, published
from .imagenet_utils import decode_predictions as decode_predictions

_SIZES = (96, 128, 160, 192, 224)
_WIDTHS = (0.35, 0.50, 0.75, 1.0, 1.3, 1.4)
_STAGES = ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))


@documented
def MobileNetV2(
    input_shape: Any = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """Build MobileNetV2, of 17 inverted residual blocks, for images of 96 to 224 x 224.

    Source:
        M. Sandler et al.: MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018,
        arXiv:1801.04381.
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
    check_tensor(request)
    shape = _shape(request)
    size = pretrained_size(request, shape, _SIZES)
    start = symbol(request, shape)
    if request.is_pretrained:
        weights = located(request, _files(size, alpha))
    x = layers.Conv2D(
        divisible(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1"
    )(start)
    x = _rectified(normalized(x, "bn_Conv1"), "Conv1_relu")
    index = 0
    for filters, repeats, strides in _STAGES:
        for repeat in range(repeats):
            x = _block(x, divisible(int(filters * alpha)), 1 if repeat else strides, index)
            index += 1
    last = divisible(1280 * alpha) if alpha > 1 else 1280
    x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
    x = _rectified(normalized(x, "Conv_1_bn"), "out_relu")
    x = headed(request, x, None, no_top_is_named=False)
    return finished(request, start, x, weights, f"mobilenetv2_{alpha:0.2f}_{size}")


def _shape(request: Request) -> Shape:
    given = request.input_shape
    rows, columns = sides(given) if given is not None else (None, None)
    if given is None and is_keras_tensor(request.input_tensor):
        rows, columns = sides(request.input_tensor.shape[1:])
    default = rows if rows == columns and rows in _SIZES else 224
    smallest, form = 32, image_data_format()
    return obtain_input_shape(given, default, smallest, form, request.include_top, request.weights)


def _files(size: int | None, alpha: float) -> Published:
    if alpha not in _WIDTHS:
        raise ValueError(
            f"With `weights='imagenet'`, `alpha` must be one of {_WIDTHS}. Received: alpha={alpha}."
        )
    stem = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{size}"
    return published(f"{HOST}/mobilenet_v2", stem, no_top="_no_top")


def _block(x: Any, filters: int, strides: int, index: int) -> Any:
    inputs, channels = x, x.shape[channel_axis()]
    name = f"block_{index}_" if index else "expanded_conv_"
    if index:
        x = layers.Conv2D(6 * channels, 1, padding="same", use_bias=False, name=f"{name}expand")(x)
        x = _rectified(normalized(x, f"{name}expand_BN"), f"{name}expand_relu")
    if strides == 2:
        x = layers.ZeroPadding2D(stride_padding(x, 3), name=f"{name}pad")(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        use_bias=False,
        name=f"{name}depthwise",
    )(x)
    x = _rectified(normalized(x, f"{name}depthwise_BN"), f"{name}depthwise_relu")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(x)
    x = normalized(x, f"{name}project_BN")
    if channels == filters and strides == 1:
        return layers.Add(name=f"{name}add")([inputs, x])
    return x


def _rectified(x: Any, name: str) -> Any:
    return layers.ReLU(6.0, name=name)(x)
