"""Complex tensors and the pairs of real ones that Keras writes them as."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from .operands import alike, inexact


def complex_of(x: Any) -> Tensor:
    """Return a pair of real and imaginary part as one complex tensor.

    Raises:
        ValueError: If `x` is no such pair.
    """
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(
            "`x` must be a tuple of two tensors, the real and the imaginary part. Received: "
            f"x={show(x)}."
        )
    real, imaginary = (tensor(part) for part in x)
    if real.shape != imaginary.shape or not (
        real.is_floating_point() and imaginary.is_floating_point()
    ):
        raise ValueError(
            "Real and imaginary part must be floats of one shape. Received: "
            f"x=({show(real)}, {show(imaginary)})."
        )
    return torch.complex(*alike(real, imaginary))


@op
def polar(abs_: Any, angle: Any) -> Tensor:
    """Return complex numbers `abs_ · (cos(angle) + i sin(angle))`.

    Args:
        abs_: Their absolute values.
        angle: Their angles, in radians.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.polar([2.0], [0.0])
        tensor([2.+0.j])
    """
    size, turn = alike(inexact(abs_), inexact(angle))
    return complex_of((size * torch.cos(turn), size * torch.sin(turn)))


@op
def view_as_complex(x: Any) -> Tensor:
    """Return pairs of real and imaginary part along the last axis as complex numbers.

    Args:
        x: A tensor whose last axis has the size 2.

    Raises:
        ValueError: If it has another.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.view_as_complex([[1.0, 2.0]])
        tensor([1.+2.j])
    """
    value = inexact(x)
    if not value.dim() or value.shape[-1] != 2:
        raise ValueError(f"The last axis of `x` must have the size 2. Received: x={show(value)}.")
    return torch.complex(*value.float().unbind(-1))


@op
def view_as_real(x: Any) -> Tensor:
    """Return complex numbers as pairs of real and imaginary part along a new last axis.

    Args:
        x: A tensor; the imaginary part of real numbers is zero.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.view_as_real(torchkeras.ops.view_as_complex([[1.0, 2.0]]))
        tensor([[1., 2.]])
    """
    value = tensor(x)
    if value.is_complex():
        return torch.view_as_real(value.resolve_conj())
    return torch.stack([value, torch.zeros_like(value)], -1)
