"""Functions of images of ops, one call a row."""

from .ops import OpRow, array, row
from .row import Data, floats

FIRST = "channels_first"
FLAT = {"gradients": "It has none, or is flat."}
LAST_IMAGES, FIRST_IMAGES = floats(2, 9, 7, 3, low=0, high=1), floats(2, 3, 9, 7, low=0, high=1)
ONE = floats(9, 7, 3, low=0, high=1)
BYTES = Data((2, 9, 7, 3), "uint8", 0, 256)
TURN = array([1.0, 0.2, -1.0, 0.1, 0.9, 0.5, 0.0, 0.0], [0.5, -0.3, 2.0, 0.4, 1.2, -3.0, 0.0, 0.0])
IN_PLACE = {"gradients": "Keras writes into the transform."}
CORNERS = array([0.0, 0.0], [6.0, 0.0], [0.0, 8.0], [6.0, 8.0])
MOVED = array([1.0, 0.5], [5.0, 0.0], [0.5, 7.0], [6.0, 8.0])
PLACES = floats(2, 5, 4, low=-6, high=12)
MODES = ("constant", "nearest", "wrap", "mirror", "reflect")

COLOR: list[OpRow] = [
    row("image.rgb_to_grayscale", LAST_IMAGES),
    row("image.rgb_to_grayscale", BYTES, id="bytes", skip=FLAT),
    row("image.rgb_to_grayscale", FIRST_IMAGES, FIRST, id="first"),
    row("image.rgb_to_grayscale", floats(9, 7, 1), id="gray", batch=0),
    row("image.rgb_to_hsv", LAST_IMAGES, tolerance=1e-4),
    row("image.rgb_to_hsv", FIRST_IMAGES, FIRST, id="first", tolerance=1e-4),
    row("image.hsv_to_rgb", LAST_IMAGES),
    row("image.hsv_to_rgb", FIRST_IMAGES, FIRST, id="first"),
]

RESIZE: list[OpRow] = [
    *(
        row("image.resize", LAST_IMAGES, (4, 11), kind, smooth, id=f"{kind}-{smooth}")
        for kind in ("nearest", "bilinear", "bicubic")
        for smooth in (False, True)
    ),
    row("image.resize", FIRST_IMAGES, (4, 11), data_format=FIRST, id="first"),
    row("image.resize", ONE, [12, 5], id="one", batch=0),
    row("image.resize", BYTES, (5, 12), "bicubic", id="bytes", skip=FLAT),
    row("image.resize", LAST_IMAGES, (4, 9), crop_to_aspect_ratio=True, id="crop"),
    row("image.resize", LAST_IMAGES, (4, 9), pad_to_aspect_ratio=True, fill_value=0.5, id="pad"),
    *(
        row(
            "image.scale_and_translate",
            LAST_IMAGES,
            (2, 5, 12, 3),
            array(0.5, 1.7),
            array(0.3, -1.0),
            (1, 2),
            method,
            smooth,
            id=f"{method}-{smooth}",
            batch=0,
        )
        for method in ("linear", "cubic", "lanczos3", "lanczos5")
        for smooth in (True, False)
    ),
    row("image.scale_and_translate", BYTES, (2, 5, 7, 3), array(0.5), array(0.3), (1,), "linear",
        id="bytes", skip=FLAT, batch=0),
]  # fmt: skip

SAMPLING: list[OpRow] = [
    *(
        row("image.map_coordinates", floats(9, 7), PLACES, order, mode, 0.5, id=f"{mode}-{order}",
            batch=0)
        for mode in MODES
        for order in (0, 1)
    ),
    row("image.map_coordinates", Data((9, 7), "uint8", 0, 256), PLACES, 1, id="bytes", batch=0,
        skip={"gradients": "It is flat."}),
    *(
        row("image.affine_transform", LAST_IMAGES, TURN, kind, mode, id=f"{kind}-{mode}", batch=2,
            skip=IN_PLACE)
        for mode in MODES
        for kind in ("nearest", "bilinear")
    ),
    row("image.affine_transform", FIRST_IMAGES, TURN, data_format=FIRST, id="first", batch=2,
        skip=IN_PLACE),
    row("image.affine_transform", ONE, TURN[0], id="one", batch=0, skip=IN_PLACE),
    row("image.perspective_transform", LAST_IMAGES, CORNERS, MOVED, batch=1, tolerance=1e-3,
        skip={"gradients": "Keras writes into a new tensor, whose places move a little."}),
    row("image.perspective_transform", FIRST_IMAGES, CORNERS, MOVED, "nearest", 0.2, FIRST,
        id="first", batch=1, skip=FLAT),
]  # fmt: skip

FILTERS: list[OpRow] = [
    row("image.gaussian_blur", LAST_IMAGES, (3, 3), (1.0, 1.0), "channels_last"),
    row("image.gaussian_blur", FIRST_IMAGES, (5, 5), (0.5, 2.0), FIRST, id="first"),
    row("image.gaussian_blur", ONE, (5, 5), (0.5, 2.0), "channels_last", id="one", batch=0),
    row("image.sobel_edges", LAST_IMAGES),
    row("image.sobel_edges", FIRST_IMAGES, FIRST, id="first"),
    row("image.ssim", floats(2, 13, 14, 3), floats(2, 13, 14, 3)),
    row("image.ssim", floats(2, 3, 13, 14), floats(2, 3, 13, 14), 2.0, 7, 1.0, data_format=FIRST,
        id="first"),
    row("image.ssim", floats(13, 14, 3), floats(13, 14, 3), id="one", batch=0),
]  # fmt: skip

VOLUMES = floats(2, 5, 6, 7, 2)
PATCHES: list[OpRow] = [
    row("image.extract_patches", LAST_IMAGES, 3),
    row("image.extract_patches", LAST_IMAGES, (2, 3), 1, 2, "same", id="same"),
    row("image.extract_patches", FIRST_IMAGES, (3, 2), 2, 1, "same", FIRST, id="first"),
    row("image.extract_patches", ONE, 3, id="one", batch=0),
    row("image.extract_patches", VOLUMES, (2, 3, 2), id="volumes"),
    row("image.extract_patches_3d", VOLUMES, 2),
    row("image.extract_patches_3d", VOLUMES, (2, 3, 1), 2, 1, "same", id="same"),
]

BORDERS: list[OpRow] = [
    row("image.pad_images", LAST_IMAGES, 1, 2, 3, 0),
    row("image.pad_images", FIRST_IMAGES, 1, None, None, 2, 12, 10, FIRST, id="target"),
    row("image.pad_images", ONE, None, 2, 3, None, 12, 10, id="one", batch=0),
    row("image.crop_images", LAST_IMAGES, 1, 2, 3, 0),
    row("image.crop_images", FIRST_IMAGES, 1, None, None, 2, 4, 3, FIRST, id="target"),
    row("image.crop_images", ONE, None, 2, 3, None, 4, 3, id="one", batch=0),
]

ROWS: list[OpRow] = [*COLOR, *RESIZE, *SAMPLING, *FILTERS, *PATCHES, *BORDERS]
