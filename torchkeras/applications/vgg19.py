"""VGG19."""

from torchkeras.models import Model

from ._centred import preprocess_input as preprocess_input
from ._network import Request, network
from ._vgg import vgg
from ._weights import kernels
from .imagenet_utils import decode_predictions as decode_predictions

_FILES = kernels(
    "vgg19",
    "vgg19",
    ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
)


@network("vgg19")
def VGG19(request: Request) -> Model:
    """Build VGG19, of 16 convolutions and three dense layers, for images of 224 x 224.

    Source:
        K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image
        Recognition, 2014, arXiv:1409.1556.
    """
    return vgg(request, (2, 2, 4, 4, 4), _FILES)
