"""Affine maps of images, as fast as torch samples them."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras.ops.image.sampling import ORDERS, sampled
from torchkeras.ops.image.transform import affine_transform

# Torch's words for what lies outside; it has none for "wrap".
_PADDING = {"constant": "zeros", "reflect": "reflection", "nearest": "border"}


def warped(
    images: Tensor,
    transform: Tensor,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
    data_format: str,
) -> Tensor:
    """Return images whose pixel `(x, y)` is that of the inputs at the transformed place.

    Args:
        images: A batch.
        transform: `(batch, 8)` or `(8,)`, as `ops.image.affine_transform` takes it; c0 and c1 zero.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: What lies outside.
        fill_value: The constant.
        data_format: `"channels_last"` or `"channels_first"`.
    """
    if len(images) == 0:
        return images
    transform = transform.reshape(-1, 8)
    fast = interpolation == "bilinear" and fill_mode in _PADDING
    if not fast or not images.is_floating_point():
        return affine_transform(
            images, transform, interpolation, fill_mode, fill_value, data_format
        )
    is_last = data_format == "channels_last"
    x = images.movedim(-1, 1) if is_last else images
    theta = _theta(transform, x.shape[-2], x.shape[-1]).expand(x.shape[0], 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    moved = _between(x, grid, fill_mode, fill_value)
    return moved.movedim(1, -1) if is_last else moved


def _between(images: Tensor, grid: Tensor, fill_mode: str, fill_value: float) -> Tensor:
    """Return channels-first images sampled bilinearly at torch's places, from -1 to 1."""
    shift = fill_value if fill_mode == "constant" else 0
    x = images.to(torch.float32)
    x = x - shift if shift else x
    moved = F.grid_sample(x, grid, "bilinear", _PADDING[fill_mode], align_corners=False)
    return (moved + shift if shift else moved).to(images.dtype)


def seen_at(
    images: Tensor,
    x: Tensor,
    y: Tensor,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
    data_format: str,
) -> Tensor:
    """Return images whose pixels are those of the inputs at any places.

    Args:
        images: A batch.
        x: The places from the left, `(batch, height, width)`.
        y: The places from above.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: What lies outside.
        fill_value: The constant.
        data_format: `"channels_last"` or `"channels_first"`.
    """
    is_last = data_format == "channels_last"
    height, width = images.shape[1:3] if is_last else images.shape[2:4]
    # Far away is as good as infinitely far, of which indices cannot be made.
    x = x.to(images.device).nan_to_num(-width).clamp(-2 * width, 3 * width)
    y = y.to(images.device).nan_to_num(-height).clamp(-2 * height, 3 * height)
    if interpolation == "bilinear" and fill_mode in _PADDING and images.is_floating_point():
        grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], -1)
        moved = _between(images.movedim(-1, 1) if is_last else images, grid, fill_mode, fill_value)
        return moved.movedim(1, -1) if is_last else moved
    last = images if is_last else images.movedim(1, -1)
    numbers = torch.arange(last.shape[0], device=last.device).reshape(-1, 1, 1)
    found = sampled(last, [numbers], [y, x], ORDERS[interpolation], fill_mode, fill_value)
    return found if is_last else found.movedim(-1, 1)


def _theta(transform: Tensor, height: int, width: int) -> Tensor:
    """Return maps of pixels as torch has them: of places from -1 to 1."""
    a0, a1, a2, b0, b1, b2 = transform.to(torch.float32)[:, :6].unbind(-1)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    shift_x = (2 * (a0 * middle_x + a1 * middle_y + a2) + 1) / width - 1
    shift_y = (2 * (b0 * middle_x + b1 * middle_y + b2) + 1) / height - 1
    rows = [a0, a1 * (height / width), shift_x, b0 * (width / height), b1, shift_y]
    return torch.stack(rows, -1).reshape(-1, 2, 3)


def rotation(angle: Tensor, height: int, width: int) -> Tensor:
    """Return the maps of turns about the center.

    Args:
        angle: Degrees for each image.
        height: The height of the images.
        width: Their width.
    """
    angle = angle * angle.new_tensor(torch.pi / 180.0)
    cx, cy = 0.5 * (width - 1), 0.5 * (height - 1)
    cos, sin = angle.cos(), angle.sin()
    zero = torch.zeros_like(angle)
    rows = [cos, -sin, cx - cx * cos + cy * sin, sin, cos, cy - cx * sin - cy * cos, zero, zero]
    return torch.stack(rows, -1)


def scaling(width_zoom: Tensor, height_zoom: Tensor, height: int, width: int) -> Tensor:
    """Return the maps of zooms about the center; each zoom is `(batch, 1)`."""
    zero = torch.zeros_like(width_zoom)
    shift_x = (width - 1.0) / 2.0 * (1.0 - width_zoom)
    shift_y = (height - 1.0) / 2.0 * (1.0 - height_zoom)
    rows: list[Any] = [width_zoom, zero, shift_x, zero, height_zoom, shift_y, zero, zero]
    return torch.cat(rows, 1)


def translation(shifts: Tensor) -> Tensor:
    """Return the maps of shifts `(batch, 2)` to the right and down."""
    one, zero = torch.ones_like(shifts[:, :1]), torch.zeros_like(shifts[:, :1])
    return torch.cat([one, zero, -shifts[:, :1], zero, one, -shifts[:, 1:], zero, zero], 1)


def shearing(factors: Tensor) -> Tensor:
    """Return the maps of shears `(batch, 2)` along x and y."""
    one, zero = torch.ones_like(factors[:, 0]), torch.zeros_like(factors[:, 0])
    return torch.stack([one, factors[:, 0], zero, factors[:, 1], one, zero, zero, zero], 1)
