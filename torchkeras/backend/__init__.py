"""What old programs look for in `keras.backend`; the backend is torch."""

from torchkeras._base.backend import backend as backend
from torchkeras._base.dtypes import standardize_dtype as standardize_dtype
from torchkeras._base.naming import get_uid as get_uid
from torchkeras._base.promotion import result_type as result_type
from torchkeras._base.settings import epsilon as epsilon
from torchkeras._base.settings import floatx as floatx
from torchkeras._base.settings import image_data_format as image_data_format
from torchkeras._base.settings import set_epsilon as set_epsilon
from torchkeras._base.settings import set_floatx as set_floatx
from torchkeras._base.settings import set_image_data_format as set_image_data_format
from torchkeras._symbolic.tensor import is_keras_tensor as is_keras_tensor
from torchkeras.utils.session import clear_session as clear_session

from .dtype import is_float_dtype as is_float_dtype
from .dtype import is_int_dtype as is_int_dtype

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
