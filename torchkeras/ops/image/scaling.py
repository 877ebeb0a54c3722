"""Images scaled and moved by any amounts, with kernels that Keras shares with JAX."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import one_of
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras.ops.operands import alike, inexact

from .batch import floats

_TOO_LITTLE = 1000.0 * torch.finfo(torch.float32).eps


def _triangle(x: Tensor) -> Tensor:
    return (1 - x).clamp(min=0)


def _cubic(x: Tensor) -> Tensor:
    near = ((1.5 * x - 2.5) * x) * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return torch.where(x >= 2.0, 0.0, torch.where(x >= 1.0, far, near))


def _lanczos(radius: float) -> Callable[[Tensor], Tensor]:
    def kernel(x: Tensor) -> Tensor:
        waves = radius * torch.sin(math.pi * x) * torch.sin(math.pi * x / radius)
        slopes = waves / torch.where(x != 0, math.pi**2 * x.square(), 1.0)
        return torch.where(x > radius, 0.0, torch.where(x > 1e-3, slopes, 1.0))

    return kernel


_KERNELS: dict[str, Callable[[Tensor], Tensor]] = {
    **dict.fromkeys(("linear", "bilinear", "trilinear"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
}


@op
def scale_and_translate(
    images: Any,
    output_shape: Sequence[int],
    scale: Any,
    translation: Any,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Tensor:
    """Return a tensor of another shape, its axes scaled and then moved.

    Args:
        images: A tensor.
        output_shape: The shape of the result, all axes of it.
        scale: How much each of the spatial axes is stretched.
        translation: How far each of them is moved after that.
        spatial_dims: The axes.
        method: `"linear"`, `"cubic"` (also with `bi` or `tri` before), `"lanczos3"` or
            `"lanczos5"`.
        antialias: Whether all values count that a value of a smaller result covers.

    Example:
        >>> import torchkeras
        >>> image = [[0.0, 2.0]]
        >>> torchkeras.ops.image.scale_and_translate(image, (1, 4), [2.0], [0.0], [1], "linear")
        tensor([[0.0000, 0.5000, 1.5000, 2.0000]])
    """
    kernel = _KERNELS[one_of("method", method, _KERNELS)]
    stretch, shift = alike(inexact(scale), inexact(translation))
    value = tensor(images)
    result = value if value.is_floating_point() else floats(value)
    for index, axis in enumerate(spatial_dims):
        place = axis % value.dim()
        sizes = value.shape[place], output_shape[place]
        weights = _weights(*sizes, stretch[index], shift[index], kernel, antialias)
        moved = torch.tensordot(result, weights.to(result.dtype), ([place], [0]))
        result = moved.movedim(-1, place)
    if value.is_floating_point() or not spatial_dims:
        return result.to(value.dtype)
    return result.round().clamp(value.min(), value.max()).to(value.dtype)


def _weights(
    size: int,
    new_size: int,
    scale: Tensor,
    translation: Tensor,
    kernel: Callable[[Tensor], Tensor],
    antialias: bool,
) -> Tensor:
    """Return how much each value of an axis counts for each value of the new one."""
    inverse = 1.0 / scale
    width = inverse.clamp(min=1.0) if antialias else torch.ones_like(inverse)
    places = torch.arange(new_size, dtype=scale.dtype, device=scale.device)
    found = (places + 0.5) * inverse - translation * inverse - 0.5
    cells = torch.arange(size, dtype=scale.dtype, device=scale.device).unsqueeze(1)
    weights = kernel((found - cells).abs() / width)
    total = weights.sum(0, keepdim=True)
    shares = weights / torch.where(total != 0, total, 1.0)
    shares = torch.where(total.abs() > _TOO_LITTLE, shares, 0.0)
    return torch.where((found >= -0.5) & (found <= size - 0.5), shares, 0.0)
