"""What old programs look for in `keras.backend`; the backend is torch."""

from torchkeras._base.backend import backend as backend
from torchkeras._base.settings import epsilon as epsilon
from torchkeras._base.settings import floatx as floatx
from torchkeras._base.settings import image_data_format as image_data_format
from torchkeras._base.settings import set_epsilon as set_epsilon
from torchkeras._base.settings import set_floatx as set_floatx
from torchkeras._base.settings import set_image_data_format as set_image_data_format
from torchkeras._symbolic.tensor import is_keras_tensor as is_keras_tensor
from torchkeras.utils.session import clear_session as clear_session

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_keras_tensor",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]
