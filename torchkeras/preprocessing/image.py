"""Images in arrays and folders; `ImageDataGenerator` and its parts are of older Keras."""

from torchkeras.utils.images import array_to_img as array_to_img
from torchkeras.utils.images import img_to_array as img_to_array
from torchkeras.utils.images import load_img as load_img
from torchkeras.utils.images import save_img as save_img

from ._folder import DirectoryIterator as DirectoryIterator
from ._frame import DataFrameIterator as DataFrameIterator
from ._generator import ImageDataGenerator as ImageDataGenerator
from ._iterator import Iterator as Iterator
from ._iterator import NumpyArrayIterator as NumpyArrayIterator
from ._smart_resize import smart_resize as smart_resize
from ._transform import apply_affine_transform as apply_affine_transform
from ._transform import apply_brightness_shift as apply_brightness_shift
from ._transform import apply_channel_shift as apply_channel_shift
from ._transform import random_brightness as random_brightness
from ._transform import random_channel_shift as random_channel_shift
from ._transform import random_rotation as random_rotation
from ._transform import random_shear as random_shear
from ._transform import random_shift as random_shift
from ._transform import random_zoom as random_zoom
