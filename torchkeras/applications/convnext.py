"""ConvNeXt: a convolutional network built like a transformer."""

from collections.abc import Callable
from typing import Any, Protocol

from torchkeras import layers
from torchkeras.models import Model, Sequential

from ._layers import LayerScale
from ._network import (
    Request,
    Weights,
    documented,
    finished,
    image,
    located,
    pooled,
    renamed,
    require_channels_last,
)
from ._unscaled import preprocess_input as preprocess_input
from ._weights import HOST, published
from .imagenet_utils import decode_predictions as decode_predictions

_MEAN_RGB, _DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_EPSILON = 1e-6
_DIGESTS = {
    "convnext_tiny": (
        "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
        "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    ),
    "convnext_small": (
        "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
        "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
    ),
    "convnext_base": (
        "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
        "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
    ),
    "convnext_large": (
        "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
        "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
    ),
    "convnext_xlarge": (
        "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
        "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
    ),
}


class _Network(Protocol):
    """A function with the arguments that the networks of the family have."""

    def __call__(
        self,
        include_top: bool = True,
        include_preprocessing: bool = True,
        weights: Weights = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = ...,
    ) -> Model:
        """Build the network."""


def _network(default_name: str) -> Callable[[Callable[[Request], Model]], _Network]:
    """Give a function of a `Request` the arguments that the networks of the family have."""

    def decorate(build: Callable[[Request], Model]) -> _Network:
        def made(
            include_top: bool = True,
            include_preprocessing: bool = True,
            weights: Weights = "imagenet",
            input_tensor: Any = None,
            input_shape: Any = None,
            pooling: str | None = None,
            classes: int = 1000,
            classifier_activation: Any = "softmax",
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


@_network("convnext_tiny")
def ConvNeXtTiny(request: Request) -> Model:
    """Build ConvNeXtTiny, of 18 blocks, the first 96 channels wide, for images of 224 x 224.

    Source:
        Z. Liu et al.: A ConvNet for the 2020s, 2022, arXiv:2201.03545.
    """
    return _build(request, "convnext_tiny", (3, 3, 9, 3), 96)


@_network("convnext_small")
def ConvNeXtSmall(request: Request) -> Model:
    """Build ConvNeXtSmall, of 36 blocks, the first 96 channels wide, for images of 224 x 224.

    Source:
        Z. Liu et al.: A ConvNet for the 2020s, 2022, arXiv:2201.03545.
    """
    return _build(request, "convnext_small", (3, 3, 27, 3), 96)


@_network("convnext_base")
def ConvNeXtBase(request: Request) -> Model:
    """Build ConvNeXtBase, of 36 blocks, the first 128 channels wide, for images of 224 x 224.

    Source:
        Z. Liu et al.: A ConvNet for the 2020s, 2022, arXiv:2201.03545.
    """
    return _build(request, "convnext_base", (3, 3, 27, 3), 128)


@_network("convnext_large")
def ConvNeXtLarge(request: Request) -> Model:
    """Build ConvNeXtLarge, of 36 blocks, the first 192 channels wide, for images of 224 x 224.

    Source:
        Z. Liu et al.: A ConvNet for the 2020s, 2022, arXiv:2201.03545.
    """
    return _build(request, "convnext_large", (3, 3, 27, 3), 192)


@_network("convnext_xlarge")
def ConvNeXtXLarge(request: Request) -> Model:
    """Build ConvNeXtXLarge, of 36 blocks, the first 256 channels wide, for images of 224 x 224.

    Source:
        Z. Liu et al.: A ConvNet for the 2020s, 2022, arXiv:2201.03545.
    """
    return _build(request, "convnext_xlarge", (3, 3, 27, 3), 256)


def _build(request: Request, stem: str, depths: tuple[int, ...], width: int) -> Model:
    require_channels_last("ConvNeXt")
    name = request.name or stem
    x = start = image(request, 224)
    weights = located(request, published(f"{HOST}/convnext", stem, _DIGESTS[stem]))
    if request.include_preprocessing and x.shape[3] == 3:
        x = layers.Normalization(
            mean=[255 * mean for mean in _MEAN_RGB],
            variance=[(255 * deviation) ** 2 for deviation in _DEVIATION_RGB],
            name=f"{name}_prestem_normalization",
        )(x)
    for stage, depth in enumerate(depths):
        filters = width * 2**stage
        x = _shrunk(x, filters, stage, name)
        for index in range(depth):
            x = _block(x, filters, f"{name}_stage_{stage}_block_{index}")
    if request.include_top:
        x = _classified(request, x, name)
    else:
        x = _normalization()(pooled(request, x, is_named=False))
    return finished(request, start, x, weights, stem)


def _shrunk(x: Any, filters: int, stage: int, name: str) -> Any:
    """Cut the map into patches, each of which becomes one place."""
    if stage == 0:
        patches = layers.Conv2D(filters, 4, strides=4, name=f"{name}_stem_conv")
        norm = _normalization(f"{name}_stem_layernorm")
        return Sequential([patches, norm], name=f"{name}_stem")(x)
    patches = layers.Conv2D(filters, 2, strides=2, name=f"{name}_downsampling_conv_{stage - 1}")
    norm = _normalization(f"{name}_downsampling_layernorm_{stage - 1}")
    return Sequential([norm, patches], name=f"{name}_downsampling_block_{stage - 1}")(x)


def _block(inputs: Any, filters: int, name: str) -> Any:
    """Look around in each channel, mix the channels of each place, and add a little of that."""
    x = layers.Conv2D(filters, 7, padding="same", groups=filters, name=f"{name}_depthwise_conv")(
        inputs
    )
    x = _normalization(f"{name}_layernorm")(x)
    x = layers.Dense(4 * filters, name=f"{name}_pointwise_conv_1")(x)
    x = layers.Activation("gelu", name=f"{name}_gelu")(x)
    x = layers.Dense(filters, name=f"{name}_pointwise_conv_2")(x)
    x = LayerScale(1e-6, filters, name=f"{name}_layer_scale")(x)
    return inputs + layers.Activation("linear", name=f"{name}_identity")(x)


def _classified(request: Request, x: Any, name: str) -> Any:
    x = layers.GlobalAveragePooling2D(name=f"{name}_head_gap")(x)
    x = _normalization(f"{name}_head_layernorm")(x)
    activation = request.classifier_activation
    return layers.Dense(request.classes, activation=activation, name=f"{name}_head_dense")(x)


def _normalization(name: str | None = None) -> layers.Layer:
    return layers.LayerNormalization(epsilon=_EPSILON, name=name)
