"""NASNet: two cells, found by search on small images, stacked for large ones."""

from collections.abc import Sequence
from typing import Any

from torchkeras import layers
from torchkeras._base.naming import name_scope
from torchkeras.models import Model

from ._blocks import stride_padding
from ._network import (
    Request,
    Weights,
    documented,
    finished,
    headed,
    image,
    located,
    require_channels_last,
)
from ._symmetric import preprocess_input as preprocess_input
from ._weights import HOST, Published, WeightsFile
from .imagenet_utils import decode_predictions as decode_predictions

_LARGE = Published(
    WeightsFile(
        "nasnet_large.h5", f"{HOST}/nasnet/NASNet-large.h5", "11577c9a518f0070763c2b964a382f17"
    ),
    WeightsFile(
        "nasnet_large_no_top.h5",
        f"{HOST}/nasnet/NASNet-large-no-top.h5",
        "d81d89dc07e6e56530c4e77faddd61b5",
    ),
)
_MOBILE = Published(
    WeightsFile(
        "nasnet_mobile.h5", f"{HOST}/nasnet/NASNet-mobile.h5", "020fb642bf7360b370c678b08e0adf61"
    ),
    WeightsFile(
        "nasnet_mobile_no_top.h5",
        f"{HOST}/nasnet/NASNet-mobile-no-top.h5",
        "1ed92395b5b598bdda52abe5c0dbfd63",
    ),
)


@documented
def NASNetMobile(
    input_shape: Any = None,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "nasnet_mobile",
) -> Model:
    """Build NASNetMobile, of 12 normal and 4 reduction cells, for images of 224 x 224.

    Source:
        B. Zoph, V. Vasudevan, J. Shlens, Q. Le: Learning Transferable Architectures for Scalable
        Image Recognition, 2017, arXiv:1707.07012.
    """
    if input_shape is None and not include_top:
        input_shape = (224, 224, 3)
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
    return _build(request, 224, 44, 4, 32, False, _MOBILE)


@documented
def NASNetLarge(
    input_shape: Any = None,
    include_top: bool = True,
    weights: Weights = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "nasnet_large",
) -> Model:
    """Build NASNetLarge, of 18 normal and 4 reduction cells, for images of 331 x 331.

    Source:
        B. Zoph, V. Vasudevan, J. Shlens, Q. Le: Learning Transferable Architectures for Scalable
        Image Recognition, 2017, arXiv:1707.07012.
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
    return _build(request, 331, 168, 6, 96, True, _LARGE)


def _build(
    request: Request,
    size: int,
    filters: int,
    cells: int,
    stem_filters: int,
    skips_reductions: bool,
    files: Published,
) -> Model:
    require_channels_last("NASNet")
    shape = request.input_shape
    if request.is_pretrained and shape is not None and None in shape:
        raise ValueError(
            "With `weights='imagenet'`, `input_shape` must be known in full. "
            f"Received: input_shape={shape}."
        )
    start = image(request, size)
    weights = located(request, files)
    x = _conv(start, stem_filters, "stem_conv1", size=3, strides=2, padding="valid")
    x = _normalized(x, "stem_bn1")
    x, before = _reduction_cell(x, None, filters // 4, "stem_1")
    x, before = _reduction_cell(x, before, filters // 2, "stem_2", is_larger=True)
    for stage in range(3):
        first = stage * cells
        if stage > 0:
            x, entered = _reduction_cell(x, before, filters * 2**stage, f"reduce_{first}")
            before = before if skips_reductions else entered
        for cell in range(cells):
            number = first + cell + (stage > 0)
            x, before = _normal_cell(x, before, filters * 2**stage, str(number), cell == 0)
    x = layers.Activation("relu")(x)
    return finished(request, start, headed(request, x, None, no_top_is_named=False), weights)


def _normal_cell(x: Any, before: Any, filters: int, cell: str, is_larger: bool) -> tuple[Any, Any]:
    """Return what a cell makes of the outputs of the two cells before it, and the nearer one."""
    with name_scope(f"normal_A_block_{cell}"):
        p = _adjusted(before, x, filters, cell, is_larger)
        h = _projected(x, filters, "normal", cell)
        with name_scope("block_1"):
            left = _separable(h, filters, 5, 1, f"normal_left1_{cell}")
            right = _separable(p, filters, 3, 1, f"normal_right1_{cell}")
            x1 = _added(left, right, f"normal_add_1_{cell}")
        with name_scope("block_2"):
            left = _separable(p, filters, 5, 1, f"normal_left2_{cell}")
            right = _separable(p, filters, 3, 1, f"normal_right2_{cell}")
            x2 = _added(left, right, f"normal_add_2_{cell}")
        x3 = _added(_averaged(h, f"normal_left3_{cell}"), p, f"normal_add_3_{cell}")
        left, right = (_averaged(p, f"normal_{side}4_{cell}") for side in ("left", "right"))
        x4 = _added(left, right, f"normal_add_4_{cell}")
        with name_scope("block_5"):
            left = _separable(h, filters, 3, 1, f"normal_left5_{cell}")
            x5 = _added(left, h, f"normal_add_5_{cell}")
        return _joined([p, x1, x2, x3, x4, x5], f"normal_concat_{cell}"), x


def _reduction_cell(
    x: Any, before: Any, filters: int, cell: str, is_larger: bool = False
) -> tuple[Any, Any]:
    """Return what a cell of half the size makes of the two before it, and the nearer one."""
    with name_scope(f"reduction_A_block_{cell}"):
        p = _adjusted(before, x, filters, cell, is_larger)
        h = _projected(x, filters, "reduction", cell)
        padding = stride_padding(h, 3)
        padded = layers.ZeroPadding2D(padding, name=f"reduction_pad_1_{cell}")(h)
        with name_scope("block_1"):
            left = _separable(h, filters, 5, 2, f"reduction_left1_{cell}")
            right = _separable(p, filters, 7, 2, f"reduction_right1_{cell}")
            x1 = _added(left, right, f"reduction_add_1_{cell}")
        with name_scope("block_2"):
            left = layers.MaxPooling2D(3, strides=2, name=f"reduction_left2_{cell}")(padded)
            right = _separable(p, filters, 7, 2, f"reduction_right2_{cell}")
            x2 = _added(left, right, f"reduction_add_2_{cell}")
        with name_scope("block_3"):
            left = layers.AveragePooling2D(3, strides=2, name=f"reduction_left3_{cell}")(padded)
            right = _separable(p, filters, 5, 2, f"reduction_right3_{cell}")
            x3 = _added(left, right, f"reduction_add3_{cell}")
        x4 = _added(x2, _averaged(x1, f"reduction_left4_{cell}"))
        with name_scope("block_5"):
            left = _separable(x1, filters, 3, 1, f"reduction_left4_{cell}")
            right = layers.MaxPooling2D(3, strides=2, name=f"reduction_right5_{cell}")(padded)
            x5 = _added(left, right, f"reduction_add4_{cell}")
        return _joined([x2, x3, x4, x5], f"reduction_concat_{cell}"), x


def _adjusted(before: Any, x: Any, filters: int, cell: str, is_larger: bool) -> Any:
    """Bring the output of the cell before the last one to the size and width of a cell."""
    if before is None:
        return x
    with name_scope("adjust_block"):
        if is_larger:
            with name_scope(f"adjust_reduction_block_{cell}"):
                return _halved(before, filters, cell)
        if before.shape[3] == filters:
            return before
        with name_scope(f"adjust_projection_block_{cell}"):
            y = layers.Activation("relu")(before)
            y = _conv(y, filters, f"adjust_conv_projection_{cell}")
            return _normalized(y, f"adjust_bn_{cell}")


def _halved(x: Any, filters: int, cell: str) -> Any:
    """Take every second place, once from the first and once from the second place on."""
    x = layers.Activation("relu", name=f"adjust_relu_1_{cell}")(x)
    even = _every_second(x, filters, 1, cell)
    shifted = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    odd = _every_second(layers.Cropping2D(((1, 0), (1, 0)))(shifted), filters, 2, cell)
    return _normalized(_joined([even, odd]), f"adjust_bn_{cell}")


def _every_second(x: Any, filters: int, part: int, cell: str) -> Any:
    x = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_{part}_{cell}")(x)
    return _conv(x, filters // 2, f"adjust_conv_{part}_{cell}")


def _projected(x: Any, filters: int, kind: str, cell: str) -> Any:
    x = layers.Activation("relu")(x)
    return _normalized(_conv(x, filters, f"{kind}_conv_1_{cell}"), f"{kind}_bn_1_{cell}")


def _separable(x: Any, filters: int, kernel: int, strides: int, name: str) -> Any:
    """Put two separable convolutions in a row, activated before each."""
    with name_scope(f"separable_conv_block_{name}"):
        x = layers.Activation("relu")(x)
        if strides == 2:
            padding = stride_padding(x, kernel)
            x = layers.ZeroPadding2D(padding, name=f"separable_conv_1_pad_{name}")(x)
        x = layers.SeparableConv2D(
            filters,
            kernel,
            strides=strides,
            padding="same" if strides == 1 else "valid",
            use_bias=False,
            name=f"separable_conv_1_{name}",
        )(x)
        x = layers.Activation("relu")(_normalized(x, f"separable_conv_1_bn_{name}"))
        x = layers.SeparableConv2D(
            filters, kernel, padding="same", use_bias=False, name=f"separable_conv_2_{name}"
        )(x)
        return _normalized(x, f"separable_conv_2_bn_{name}")


def _conv(
    x: Any, filters: int, name: str, size: int = 1, strides: int = 1, padding: str = "same"
) -> Any:
    return layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)


def _averaged(x: Any, name: str) -> Any:
    return layers.AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def _added(left: Any, right: Any, name: str | None = None) -> Any:
    return layers.add([left, right], name=name)


def _joined(parts: Sequence[Any], name: str | None = None) -> Any:
    return layers.concatenate(parts, axis=-1, name=name)


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(-1, momentum=0.9997, name=name)(x)
