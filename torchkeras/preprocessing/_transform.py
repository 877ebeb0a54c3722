"""Changes of one image, as older Keras made them on NumPy arrays."""

from typing import Any

import numpy as np

from torchkeras._base.messages import missing_extra, show
from torchkeras.utils.images import array_to_img, img_to_array

Array = np.ndarray[Any, Any]


def apply_affine_transform(
    x: Array,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> Array:
    """Turn, shift, shear and zoom an image about its middle.

    Args:
        x: The image.
        theta: The angle it is turned by, in degrees.
        tx: How many pixels it is shifted along its rows' axis.
        ty: How many pixels it is shifted along its columns' axis.
        shear: The angle it is sheared by, in degrees.
        zx: How many pixels of it come to lie on one, along its rows' axis.
        zy: The same along its columns' axis.
        row_axis: The axis of its rows.
        col_axis: The axis of its columns.
        channel_axis: The axis of its channels, the first or the last.
        fill_mode: What lies beyond its edges: `"nearest"`, `"constant"`, `"reflect"` or `"wrap"`.
        cval: The value beyond its edges, with `"constant"`.
        order: The order of the splines that lie between pixels.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import apply_affine_transform
        >>> apply_affine_transform(numpy.eye(2)[None], theta=90)[0].round(3).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    _check_axes(x, row_axis, col_axis, channel_axis)
    if (theta, tx, ty, shear, zx, zy) == (0, 0, 0, 0, 1, 1):
        return x
    turn = _turn(np.deg2rad(theta))
    matrix = turn @ _shear(np.deg2rad(shear)) @ np.diag([zx, zy])
    middle = np.array([x.shape[row_axis], x.shape[col_axis]]) / 2 - 0.5
    offset = turn @ [tx, ty] + middle - matrix @ middle
    if col_axis > row_axis:
        matrix, offset = matrix[::-1, ::-1], offset[::-1]
    affine_transform = _scipy()
    planes = [
        affine_transform(plane, matrix, offset, order=order, mode=fill_mode, cval=cval)
        for plane in np.moveaxis(x, channel_axis, 0)
    ]
    return np.stack(planes, axis=channel_axis)


def _check_axes(x: Array, *axes: int) -> None:
    if sorted(axes) != [0, 1, 2] or axes[2] == 1:
        raise ValueError(
            "`row_axis`, `col_axis` and `channel_axis` must be 0, 1 and 2, with the channels on "
            f"the first or last axis. Received: {axes}."
        )
    if x.ndim != 3:
        raise ValueError(f"`x` must be one image, with three axes. Received: x={show(x)}.")


def _turn(angle: float) -> Array:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _shear(angle: float) -> Array:
    return np.array([[1.0, -np.sin(angle)], [0.0, np.cos(angle)]])


def _scipy() -> Any:
    try:
        from scipy.ndimage import affine_transform
    except ImportError:
        raise missing_extra("scipy", "images", "Turning, shifting or zooming an array") from None
    return affine_transform


def flip_axis(x: Array, axis: int) -> Array:
    """Return an image the other way round.

    Args:
        x: The image.
        axis: The axis along which it is flipped.
    """
    return np.flip(x, axis)


def apply_channel_shift(x: Array, intensity: float, channel_axis: int = 0) -> Array:
    """Add a number to an image, within the range that its values have.

    Args:
        x: The image.
        intensity: The number.
        channel_axis: The axis of its channels.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import apply_channel_shift
        >>> apply_channel_shift(numpy.array([[[1.0, 5.0]]]), 2).tolist()
        [[[3.0, 5.0]]]
    """
    return np.clip(x + intensity, x.min(), x.max())


def apply_brightness_shift(x: Array, brightness: float, scale: bool = True) -> Array:
    """Make an image brighter or darker, in 256 steps.

    Args:
        x: The image.
        brightness: What its values are multiplied by.
        scale: Whether its values are stretched to go from 0 to 255 before.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import apply_brightness_shift
        >>> apply_brightness_shift(numpy.full((1, 1, 3), 100.0), 0.5, scale=False).tolist()
        [[[50.0, 50.0, 50.0]]]
    """
    try:
        from PIL import ImageEnhance
    except ImportError:
        raise missing_extra("pillow", "images", "Changing the brightness of an image") from None

    low, high = x.min(), x.max()
    is_outside = bool(low < 0 or high > 255)
    image = array_to_img(x, scale=is_outside or scale)
    x = img_to_array(ImageEnhance.Brightness(image).enhance(brightness))
    return x / 255 * (high - low) + low if is_outside and not scale else x


# Random changes. NumPy's global generator is the one that programs of that time seed.


def uniform(low: float, high: float, count: int | None = None) -> Any:
    """Draw from NumPy's global generator.

    Args:
        low: The least value.
        high: The limit above.
        count: How many are drawn; one if not given.
    """
    return np.random.uniform(low, high, count)  # noqa: NPY002


def random_rotation(x: Array, rg: float, *axes: Any, **options: Any) -> Array:
    """Turn an image by a random angle.

    Args:
        x: The image.
        rg: The largest angle, in degrees.
        *axes: The other arguments of `apply_affine_transform`, from `row_axis` on.
        **options: The same by name; `interpolation_order` is its `order`.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import random_rotation
        >>> random_rotation(numpy.ones((1, 4, 4)), 20).shape
        (1, 4, 4)
    """
    return apply_affine_transform(x, theta=uniform(-rg, rg), **_options(axes, options))


def random_shift(x: Array, wrg: float, hrg: float, *axes: Any, **options: Any) -> Array:
    """Shift an image at random.

    Args:
        x: The image.
        wrg: The largest shift to the side, as a part of the width.
        hrg: The largest shift up or down, as a part of the height.
        *axes: The other arguments of `apply_affine_transform`, from `row_axis` on.
        **options: The same by name; `interpolation_order` is its `order`.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import random_shift
        >>> random_shift(numpy.ones((1, 4, 4)), 0.2, 0.2).shape
        (1, 4, 4)
    """
    named = _options(axes, options)
    tx = uniform(-hrg, hrg) * x.shape[named.get("row_axis", 1)]
    ty = uniform(-wrg, wrg) * x.shape[named.get("col_axis", 2)]
    return apply_affine_transform(x, tx=tx, ty=ty, **named)


def random_shear(x: Array, intensity: float, *axes: Any, **options: Any) -> Array:
    """Shear an image by a random angle.

    Args:
        x: The image.
        intensity: The largest angle, in degrees.
        *axes: The other arguments of `apply_affine_transform`, from `row_axis` on.
        **options: The same by name; `interpolation_order` is its `order`.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import random_shear
        >>> random_shear(numpy.ones((1, 4, 4)), 20).shape
        (1, 4, 4)
    """
    return apply_affine_transform(
        x, shear=uniform(-intensity, intensity), **_options(axes, options)
    )


def random_zoom(x: Array, zoom_range: Any, *axes: Any, **options: Any) -> Array:
    """Zoom an image at random, height and width apart.

    Args:
        x: The image.
        zoom_range: The least and the largest zoom.
        *axes: The other arguments of `apply_affine_transform`, from `row_axis` on.
        **options: The same by name; `interpolation_order` is its `order`.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import random_zoom
        >>> random_zoom(numpy.ones((1, 4, 4)), (0.8, 1.2)).shape
        (1, 4, 4)
    """
    low, high = two("zoom_range", zoom_range)
    zx, zy = (1, 1) if low == high == 1 else uniform(low, high, 2)
    return apply_affine_transform(x, zx=zx, zy=zy, **_options(axes, options))


def random_channel_shift(x: Array, intensity_range: float, channel_axis: int = 0) -> Array:
    """Add a random number to an image, within the range that its values have.

    Args:
        x: The image.
        intensity_range: The largest number.
        channel_axis: The axis of its channels.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import random_channel_shift
        >>> random_channel_shift(numpy.ones((1, 4, 4)), 20.0).shape
        (1, 4, 4)
    """
    return apply_channel_shift(x, uniform(-intensity_range, intensity_range), channel_axis)


def random_brightness(x: Array, brightness_range: Any, scale: bool = True) -> Array:
    """Make an image brighter or darker at random.

    Args:
        x: The image.
        brightness_range: The least and the largest factor.
        scale: Whether its values are stretched to go from 0 to 255 before.

    Example:
        >>> import numpy
        >>> from torchkeras.preprocessing.image import random_brightness
        >>> random_brightness(numpy.ones((4, 4, 3)), (0.8, 1.2)).shape
        (4, 4, 3)
    """
    return apply_brightness_shift(x, uniform(*two("brightness_range", brightness_range)), scale)


def two(argument: str, value: Any) -> tuple[float, float]:
    """Return two numbers, or raise a `ValueError`.

    Args:
        argument: What they are called.
        value: What was passed.
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(
            f"`{argument}` must be a tuple or list of two floats. Received: {argument}={value!r}."
        )
    return value[0], value[1]


_AFTER_THE_RANGE = ("row_axis", "col_axis", "channel_axis", "fill_mode", "cval", "order")


def _options(axes: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    named = {**dict(zip(_AFTER_THE_RANGE, axes, strict=False)), **options}
    if "interpolation_order" in named:
        named["order"] = named.pop("interpolation_order")
    return named
