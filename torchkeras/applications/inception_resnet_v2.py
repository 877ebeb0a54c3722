"""InceptionResNetV2: branches of convolutions, whose outputs are added to what went in."""

from typing import Any

from torchkeras import layers
from torchkeras.models import Model

from ._inception import branched, chained, convolved
from ._layers import CustomScaleLayer
from ._network import Request, channel_axis, finished, headed, image, located, network
from ._symmetric import preprocess_input as preprocess_input
from ._weights import kernels
from .imagenet_utils import decode_predictions as decode_predictions

_FILES = kernels(
    "inception_resnet_v2",
    "inception_resnet_v2",
    ("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4"),
)
_STEM = "32 3x3 /2, 32 3x3 valid, 64 3x3, max, 80 1x1 valid, 192 3x3 valid, max"
_MIXED = {
    "5b": ["96 1x1", "48 1x1, 64 5x5", "64 1x1, 96 3x3, 96 3x3", "avg, 64 1x1"],
    "6a": ["384 3x3 /2", "256 1x1, 256 3x3, 384 3x3 /2", "max"],
    "7a": ["256 1x1, 384 3x3 /2", "256 1x1, 288 3x3 /2", "256 1x1, 288 3x3, 320 3x3 /2", "max"],
}
_RESIDUAL = {
    "block35": ["32 1x1", "32 1x1, 32 3x3", "32 1x1, 48 3x3, 64 3x3"],
    "block17": ["192 1x1", "128 1x1, 160 1x7, 192 7x1"],
    "block8": ["192 1x1", "192 1x1, 224 1x3, 256 3x1"],
}


@network("inception_resnet_v2")
def InceptionResNetV2(request: Request) -> Model:
    """Build InceptionResNetV2, of 40 residual blocks, for images of 299 x 299.

    Source:
        C. Szegedy, S. Ioffe, V. Vanhoucke, A. Alemi: Inception-v4, Inception-ResNet and the Impact
        of Residual Connections on Learning, 2016, arXiv:1602.07261.
    """
    start = image(request, 299, 75)
    weights = located(request, _FILES)
    x = branched(chained(start, _STEM), _MIXED["5b"], "mixed_5b")
    for index in range(1, 11):
        x = _block(x, "block35", index, 0.17)
    x = branched(x, _MIXED["6a"], "mixed_6a")
    for index in range(1, 21):
        x = _block(x, "block17", index, 0.1)
    x = branched(x, _MIXED["7a"], "mixed_7a")
    for index in range(1, 10):
        x = _block(x, "block8", index, 0.2)
    x = _block(x, "block8", 10, 1.0, is_last=True)
    x = convolved(x, 1536, 1, name="conv_7b")
    return finished(request, start, headed(request, x, "avg_pool", False), weights)


def _block(x: Any, kind: str, index: int, scale: float, is_last: bool = False) -> Any:
    name = f"{kind}_{index}"
    mixed = branched(x, _RESIDUAL[kind], f"{name}_mixed")
    filters = x.shape[channel_axis()]
    up = layers.Conv2D(filters, 1, padding="same", name=f"{name}_conv")(mixed)
    x = CustomScaleLayer(scale)([x, up])
    return x if is_last else layers.Activation("relu", name=f"{name}_ac")(x)
