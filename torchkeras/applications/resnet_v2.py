"""Residual networks of 2016: ResNet50V2, ResNet101V2, ResNet152V2."""

from torchkeras.models import Model

from ._network import Request, network
from ._resnet import resnet_v2
from ._symmetric import preprocess_input as preprocess_input
from ._weights import kernels
from .imagenet_utils import decode_predictions as decode_predictions

_DIGESTS = {
    "resnet50v2": (
        "3ef43a0b657b3be2300d5770ece849e0",
        "fac2f116257151a9d068a22e544a4917",
    ),
    "resnet101v2": (
        "6343647c601c52e1368623803854d971",
        "c0ed64b8031c3730f411d2eb4eea35b5",
    ),
    "resnet152v2": (
        "a49b44d1979771252814e80f8ec446f9",
        "ed17cf2e0169df9d443503ef94b23b33",
    ),
}


@network("resnet50v2")
def ResNet50V2(request: Request) -> Model:
    """Build ResNet50V2, of 16 blocks activated before each convolution, for images of 224 x 224.

    Source:
        K. He, X. Zhang, S. Ren, J. Sun: Identity Mappings in Deep Residual Networks, 2016,
        arXiv:1603.05027.
    """
    return _build(request, "resnet50v2", (3, 4, 6, 3))


@network("resnet101v2")
def ResNet101V2(request: Request) -> Model:
    """Build ResNet101V2, of 33 blocks activated before each convolution, for images of 224 x 224.

    Source:
        K. He, X. Zhang, S. Ren, J. Sun: Identity Mappings in Deep Residual Networks, 2016,
        arXiv:1603.05027.
    """
    return _build(request, "resnet101v2", (3, 4, 23, 3))


@network("resnet152v2")
def ResNet152V2(request: Request) -> Model:
    """Build ResNet152V2, of 50 blocks activated before each convolution, for images of 224 x 224.

    Source:
        K. He, X. Zhang, S. Ren, J. Sun: Identity Mappings in Deep Residual Networks, 2016,
        arXiv:1603.05027.
    """
    return _build(request, "resnet152v2", (3, 8, 36, 3))


def _build(request: Request, stem: str, depths: tuple[int, ...]) -> Model:
    return resnet_v2(request, depths, kernels("resnet", stem, _DIGESTS[stem]))
