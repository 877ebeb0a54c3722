"""Process-wide settings: `keras.config`."""

from torchkeras._base.determinism import disable_determinism as disable_determinism
from torchkeras._base.determinism import enable_determinism as enable_determinism
from torchkeras._base.determinism import is_determinism_enabled as is_determinism_enabled
from torchkeras._base.settings import epsilon as epsilon
from torchkeras._base.settings import floatx as floatx
from torchkeras._base.settings import image_data_format as image_data_format
from torchkeras._base.settings import set_epsilon as set_epsilon
from torchkeras._base.settings import set_floatx as set_floatx
from torchkeras._base.settings import set_image_data_format as set_image_data_format
from torchkeras.dtype_policies import dtype_policy as dtype_policy
from torchkeras.dtype_policies import set_dtype_policy as set_dtype_policy
