"""VGG16."""

from torchkeras.models import Model

from ._centred import preprocess_input as preprocess_input
from ._network import Request, network
from ._vgg import vgg
from ._weights import kernels
from .imagenet_utils import decode_predictions as decode_predictions

_FILES = kernels(
    "vgg16",
    "vgg16",
    ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
)


@network("vgg16")
def VGG16(request: Request) -> Model:
    """Build VGG16, of 13 convolutions and three dense layers, for images of 224 x 224.

    Source:
        K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image
        Recognition, 2014, arXiv:1409.1556.
    """
    return vgg(request, (2, 2, 3, 3, 3), _FILES)
