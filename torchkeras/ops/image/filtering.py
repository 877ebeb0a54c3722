"""Filters: blur, edges, and the similarity of structures seen through a blur."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.geometry import sizes
from torchkeras._base.messages import show
from torchkeras._symbolic.op import op

from .batch import channels_first, checked, floats


def _bell(size: int, sigma: Any, like: Tensor) -> Tensor:
    """Return a vector of Gaussian weights that sum to one."""
    place = torch.arange(size, dtype=like.dtype, device=like.device) - (size - 1) / 2
    weights = torch.exp(-0.5 * (place / sigma).square())
    return weights / weights.sum()


def _along(x: Tensor, weights: Tensor, axis: int) -> Tensor:
    """Filter each channel of `(batch, channels, height, width)` along the axis 2 or 3."""
    channels = x.shape[1]
    shape = [channels, 1, 1, 1]
    shape[axis] = -1
    kernel = weights.reshape([1, 1, *shape[2:]]).expand(shape)
    return F.conv2d(x, kernel, groups=channels)


def blurred(x: Tensor, size: Sequence[int], sigma: Sequence[Any]) -> Tensor:
    """Blur `(batch, channels, height, width)` along its width, then its height, zeros around."""
    for axis, count, width in zip((3, 2), size, sigma, strict=True):
        ends = ((count - 1) // 2, count // 2)
        x = F.pad(x, ends if axis == 3 else (0, 0, *ends))
        x = _along(x, _bell(count, width, x), axis)
    return x


@op
def gaussian_blur(
    images: Any,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Sequence[float] = (1.0, 1.0),
    data_format: str | None = None,
) -> Tensor:
    """Return images in which each pixel is a weighted mean of those around it.

    Args:
        images: One image or a batch.
        kernel_size: How many pixels count along the width and the height.
        sigma: The standard deviations of the weights along the width and the height.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Differs from Keras:
        `image_data_format()` counts, and kernels of two sizes or of even ones keep the size of the
        images; Keras on torch takes images for channels-first ones if nothing else is said.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.image.gaussian_blur([[[0.0], [1.0], [0.0]]], (3, 1)).flatten()
        tensor([0.2741, 0.4519, 0.2741])
    """
    given = channels_first(images, data_format)
    size = sizes("kernel_size", kernel_size, 2)
    return given.back(blurred(floats(given.values), size, _two(sigma)), first=True)


def _two(sigma: Any) -> Sequence[Any]:
    return sigma if isinstance(sigma, (tuple, list)) or hasattr(sigma, "shape") else (sigma, sigma)


@op
def sobel_edges(images: Any, data_format: str | None = None) -> Tensor:
    """Return how fast images change downwards and to the right, along a new last axis.

    Args:
        images: A batch, or one image.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Returns:
        The shape of the images, and 2.

    Source:
        https://en.wikipedia.org/wiki/Sobel_operator

    Example:
        >>> import torchkeras
        >>> tuple(torchkeras.ops.image.sobel_edges(torchkeras.ops.ones((1, 4, 4, 3))).shape)
        (1, 4, 4, 3, 2)
    """
    given = channels_first(images, data_format)
    padded = F.pad(floats(given.values), (1, 1, 1, 1))
    slope = torch.tensor([-1.0, 0.0, 1.0], dtype=padded.dtype, device=padded.device)
    mean = torch.tensor([1.0, 2.0, 1.0], dtype=padded.dtype, device=padded.device)
    down = _along(_along(padded, slope, 2), mean, 3)
    right = _along(_along(padded, mean, 2), slope, 3)
    return torch.stack([given.back(edges, first=True) for edges in (down, right)], -1)


@op
def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Tensor:
    """Return how similar the structures of images are, from -1 to 1 for equal ones.

    Args:
        image1: One image or a batch.
        image2: Another of the same shape.
        max_val: The greatest possible value.
        filter_size: How many pixels along each axis are looked at together.
        filter_sigma: The standard deviation of their weights.
        k1: Keeps the quotient of means finite.
        k2: Keeps the quotient of variances finite.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.

    Returns:
        A scalar, or `(batch,)`.

    Source:
        Wang et al. 2004, https://doi.org/10.1109/TIP.2003.819861

    Example:
        >>> import torchkeras
        >>> image = torchkeras.ops.ones((16, 16, 3))
        >>> torchkeras.ops.image.ssim(image, image)
        tensor(1.)
    """
    given = channels_first(checked(image1, "image1"), data_format)
    other = channels_first(checked(image2, "image2"), data_format)
    if given.values.shape != other.values.shape:
        raise ValueError(
            "`image1` and `image2` must have the same shape. Received: "
            f"image1={show(image1)}, image2={show(image2)}."
        )
    first, second = floats(given.values), floats(other.values)
    weights = _bell(filter_size, filter_sigma, first)

    def mean(x: Tensor) -> Tensor:
        return _along(_along(x, weights, 3), weights, 2)

    small, least = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean1, mean2 = mean(first), mean(second)
    product = mean1 * mean2
    squares = mean1.square() + mean2.square()
    covariance = mean(first * second) - product
    variances = mean(first.square() + second.square()) - squares
    top = (2.0 * product + small) * (2.0 * covariance + least)
    found = (top / ((squares + small) * (variances + least))).mean((1, 2, 3))
    return (found.squeeze(0) if given.is_one else found).to(given.dtype)
