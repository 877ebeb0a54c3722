"""Single images in another size, with the numbers that TensorFlow gives."""

from collections.abc import Callable
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

METHODS = (
    "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic",
)  # fmt: skip


def resized(image: Tensor, size: tuple[int, int], method: str) -> Tensor:
    """Return an image of shape `(channels, height, width)` in another size, as floats.

    Args:
        image: The image.
        size: The new height and width.
        method: One of `METHODS`; none of them smooths before it makes an image smaller.
    """
    image = image.float()
    if tuple(image.shape[-2:]) == size and method in ("bilinear", "nearest", "bicubic", "area"):
        return image
    if method == "bilinear":
        return F.interpolate(image[None], size, mode="bilinear", align_corners=False)[0]
    if method == "nearest":
        return F.interpolate(image[None], size, mode="nearest-exact")[0]
    rows, columns = (_weights(*n, method) for n in zip(image.shape[-2:], size, strict=True))
    return rows @ image @ columns.T


def cropped(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the largest part in the middle that has the aspect ratio of a size."""
    height, width = image.shape[-2:]
    tall = max(min(height, width * size[0] // size[1]), 1)
    wide = max(min(width, height * size[1] // size[0]), 1)
    top, left = (height - tall) // 2, (width - wide) // 2
    return image[..., top : top + tall, left : left + wide]


def padded(image: Tensor, size: tuple[int, int], method: str) -> Tensor:
    """Return an image resized as far as it fits into a size, in the middle of zeros."""
    edges = torch.tensor(image.shape[-2:], dtype=torch.float32)
    targets = torch.tensor(size, dtype=torch.float32)
    found = edges / (edges / targets).max()
    tall, wide = (max(int(n), 1) for n in found.floor().tolist())
    top, left = (max(int(n), 0) for n in ((targets - found) / 2).floor().tolist())
    small = resized(image, (tall, wide), method)
    return F.pad(small, (left, size[1] - wide - left, top, size[0] - tall - top))


@lru_cache(maxsize=64)
def _weights(size: int, new_size: int, method: str) -> Tensor:
    """Return how much each pixel of an axis counts for each one of the new axis."""
    ratio = size / new_size
    if method == "area":
        begins = torch.arange(new_size, dtype=torch.float64).unsqueeze(1) * ratio
        cells = torch.arange(size, dtype=torch.float64)
        ends = torch.minimum(begins + ratio, cells + 1)
        return ((ends - torch.maximum(begins, cells)).clamp(min=0) / ratio).float()
    centres = (torch.arange(new_size, dtype=torch.float64).unsqueeze(1) + 0.5) * ratio - 0.5
    distances = (centres - torch.arange(size, dtype=torch.float64)).abs()
    weights = _KERNELS[method](distances)
    return (weights / weights.sum(1, keepdim=True)).float()


def _cubic(x: Tensor) -> Tensor:
    near = ((1.5 * x - 2.5) * x) * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return torch.where(x >= 2, 0.0, torch.where(x >= 1, far, near))


def _mitchell(x: Tensor) -> Tensor:
    near = (7 / 6 * x - 2) * x * x + 8 / 9
    far = ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return torch.where(x >= 2, 0.0, torch.where(x >= 1, far, near))


def _gaussian(x: Tensor) -> Tensor:
    return torch.where(x >= 1.5, 0.0, torch.exp(-x.square() / 0.5))


def _lanczos(radius: float) -> Callable[[Tensor], Tensor]:
    def kernel(x: Tensor) -> Tensor:
        waves = torch.special.sinc(x) * torch.special.sinc(x / radius)
        return torch.where(x > radius, 0.0, waves)

    return kernel


_KERNELS: dict[str, Callable[[Tensor], Tensor]] = {
    "bicubic": _cubic,
    "gaussian": _gaussian,
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
    "mitchellcubic": _mitchell,
}
