"""Functions of images: `keras.ops.image`."""

from .borders import crop_images as crop_images
from .borders import pad_images as pad_images
from .color import hsv_to_rgb as hsv_to_rgb
from .color import rgb_to_grayscale as rgb_to_grayscale
from .color import rgb_to_hsv as rgb_to_hsv
from .filtering import gaussian_blur as gaussian_blur
from .filtering import sobel_edges as sobel_edges
from .filtering import ssim as ssim
from .patches import extract_patches as extract_patches
from .patches import extract_patches_3d as extract_patches_3d
from .resizing import resize as resize
from .sampling import map_coordinates as map_coordinates
from .scaling import scale_and_translate as scale_and_translate
from .transform import affine_transform as affine_transform
from .transform import elastic_transform as elastic_transform
from .transform import perspective_transform as perspective_transform
