"""Residual networks of 2015: ResNet50, ResNet101, ResNet152."""

from torchkeras.models import Model

from ._centred import preprocess_input as preprocess_input
from ._network import Request, network
from ._resnet import resnet
from ._weights import kernels
from .imagenet_utils import decode_predictions as decode_predictions

_DIGESTS = {
    "resnet50": (
        "2cb95161c43110f7111970584f804107",
        "4d473c1dd8becc155b73f8504c6f6626",
    ),
    "resnet101": (
        "f1aeb4b969a6efcfb50fad2f0c20cfc5",
        "88cf7a10940856eca736dc7b7e228a21",
    ),
    "resnet152": (
        "100835be76be38e30d865e96f2aaae62",
        "ee4c566cf9a93f14d82f913c2dc6dd0c",
    ),
}


@network("resnet50")
def ResNet50(request: Request) -> Model:
    """Build ResNet50, of 16 residual blocks activated after each sum, for images of 224 x 224.

    Source:
        K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, 2015,
        arXiv:1512.03385.
    """
    return _build(request, "resnet50", (3, 4, 6, 3))


@network("resnet101")
def ResNet101(request: Request) -> Model:
    """Build ResNet101, of 33 residual blocks activated after each sum, for images of 224 x 224.

    Source:
        K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, 2015,
        arXiv:1512.03385.
    """
    return _build(request, "resnet101", (3, 4, 23, 3))


@network("resnet152")
def ResNet152(request: Request) -> Model:
    """Build ResNet152, of 50 residual blocks activated after each sum, for images of 224 x 224.

    Source:
        K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, 2015,
        arXiv:1512.03385.
    """
    return _build(request, "resnet152", (3, 8, 36, 3))


def _build(request: Request, stem: str, depths: tuple[int, ...]) -> Model:
    return resnet(request, depths, kernels("resnet", stem, _DIGESTS[stem]))
