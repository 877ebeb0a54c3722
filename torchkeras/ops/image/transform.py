"""Images seen through a map of their places: affine, perspective and elastic."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchkeras import random
from torchkeras._base.messages import one_of, show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .batch import Images, channels_last, checked, floats
from .filtering import blurred
from .sampling import FILL_MODES, ORDERS, sampled

_Map = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@op
def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Return images whose pixel `(x, y)` is that of the inputs at the transformed place.

    The place is `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`, where `k = c0 x + c1 y + 1`.

    Args:
        images: One image or a batch.
        transform: `(8,)` for all images or `(batch, 8)`: a0, a1, a2, b0, b1, b2, c0, c1.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: What lies outside: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or
            `"reflect"`.
        fill_value: The constant.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Raises:
        ValueError: If a shape or a name is wrong.

    Differs from Keras:
        c0 and c1 count, as Keras documents them; Keras on torch adds them to wrong places. One
        transform serves for a whole batch, and is not changed.

    Example:
        >>> import torchkeras
        >>> shift = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
        >>> torchkeras.ops.image.affine_transform([[[1.0], [2.0], [3.0]]], shift).flatten()
        tensor([2., 3., 0.])
    """
    order = ORDERS[one_of("interpolation", interpolation, ORDERS)]
    given, maps = channels_last(images, data_format), floats(tensor(transform))
    if maps.dim() not in (1, 2) or maps.shape[-1] != 8:
        raise ValueError(
            f"`transform` must have the shape (8,) or (batch, 8). Received: transform={show(maps)}."
        )
    return _mapped(given, _homography(maps.reshape(-1, 8)), order, fill_mode, fill_value)


def _homography(maps: Tensor) -> _Map:
    a0, a1, a2, b0, b1, b2, c0, c1 = (n.reshape(-1, 1, 1) for n in maps.unbind(-1))

    def apply(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        scale = c0 * x + c1 * y + 1.0
        return (a0 * x + a1 * y + a2) / scale, (b0 * x + b1 * y + b2) / scale

    return apply


def _mapped(given: Images, places: _Map, order: int, fill_mode: str, fill_value: float) -> Tensor:
    """Return images sampled where a map of all their places says."""
    batch, height, width = given.values.shape[:3]
    where = given.values.device
    rows = torch.arange(height, device=where, dtype=torch.float32).reshape(1, -1, 1)
    columns = torch.arange(width, device=where, dtype=torch.float32).reshape(1, 1, -1)
    x, y = (place.expand(batch, height, width) for place in places(columns, rows))
    numbers = torch.arange(batch, device=where).reshape(-1, 1, 1)
    found = sampled(given.values, [numbers], [y, x], order, fill_mode, fill_value)
    return given.back(found, first=False)


@op
def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Return images moved so that four points come to lie on four others.

    Args:
        images: One image or a batch.
        start_points: `(4, 2)` for all images or `(batch, 4, 2)`: x and y of the points.
        end_points: Where they come to lie; the same shape.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_value: What lies outside.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Raises:
        ValueError: If a shape or a name is wrong.

    Example:
        >>> import torchkeras
        >>> image = torchkeras.ops.ones((4, 4, 1))
        >>> corners = [[0.0, 0.0], [3.0, 0.0], [0.0, 3.0], [3.0, 3.0]]
        >>> moved = torchkeras.ops.image.perspective_transform(image, corners, corners)
        >>> tuple(moved.shape)
        (4, 4, 1)
    """
    order = ORDERS[one_of("interpolation", interpolation, ORDERS)]
    given = channels_last(images, data_format)
    start, end = floats(tensor(start_points)), floats(tensor(end_points))
    if start.shape != end.shape or start.dim() not in (2, 3) or start.shape[-2:] != (4, 2):
        raise ValueError(
            "`start_points` and `end_points` must have the shape (4, 2) or (batch, 4, 2). "
            f"Received: start_points={show(start)}, end_points={show(end)}."
        )
    maps = homography(start.reshape(-1, 4, 2), end.reshape(-1, 4, 2))
    return _mapped(given, _homography(maps), order, "constant", fill_value)


def homography(start: Tensor, end: Tensor, *, check: bool = True) -> Tensor:
    """Return the maps `(batch, 8)` that take four end points back to four start points.

    Args:
        start: `(batch, 4, 2)`: x and y of the points.
        end: Where they come to lie.
        check: Whether points on one line are an error, for which the device is asked.
    """
    homogeneous = torch.cat([end, torch.ones_like(end[..., :1])], -1)
    nothing = torch.zeros_like(homogeneous)
    for_x = torch.cat([homogeneous, nothing, -start[..., :1] * end], -1)
    for_y = torch.cat([nothing, homogeneous, -start[..., 1:] * end], -1)
    equations = torch.stack([for_x, for_y], -2).flatten(-3, -2)
    solved: Tensor = torch.linalg.solve_ex(equations, start.flatten(-2), check_errors=check).result
    return solved


@op
def elastic_transform(
    images: Any,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Return images distorted by a random, smooth field.

    Args:
        images: One image or a batch.
        alpha: How strong the distortion is.
        sigma: How smooth it is.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: What lies outside: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or
            `"reflect"`.
        fill_value: The constant.
        seed: An integer, a `SeedGenerator`, or `None` for the global one.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Raises:
        ValueError: If a shape or a name is wrong.

    Source:
        Simard et al. 2003, https://doi.org/10.1109/ICDAR.2003.1227801

    Differs from Keras:
        The seed counts; Keras on torch draws from torch's global generator whatever it says.

    Example:
        >>> import torchkeras
        >>> image = torchkeras.ops.ones((8, 8, 3))
        >>> tuple(torchkeras.ops.image.elastic_transform(image, seed=1).shape)
        (8, 8, 3)
    """
    order = ORDERS[one_of("interpolation", interpolation, ORDERS)]
    one_of("fill_mode", fill_mode, FILL_MODES)
    given = channels_last(checked(images), data_format)
    batch, height, width = given.values.shape[:3]
    shift = elastic_field((batch, height, width), alpha, sigma, seed, given.values.device)

    def places(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x + shift[:, 0], y + shift[:, 1]

    return _mapped(given, places, order, fill_mode, fill_value)


def elastic_field(
    shape: tuple[int, int, int], alpha: float, sigma: float, seed: Any, device: torch.device
) -> Tensor:
    """Return how far the pixels of results lie from where they come from, along x and y.

    Args:
        shape: The number of images, their height and width.
        alpha: How strong the distortion is.
        sigma: How smooth it is.
        seed: What to draw from.
        device: Where it is wanted.

    Returns:
        `(batch, 2, height, width)`.
    """
    batch, height, width = shape
    size = (batch, 2, height, width)
    if sigma == 0:
        return torch.zeros(size, device=device)
    noise = random.normal(size, stddev=sigma, dtype="float32", seed=seed).to(device)
    side = int(6 * sigma) | 1
    return blurred(noise, (side, side), (sigma, sigma)) * alpha
