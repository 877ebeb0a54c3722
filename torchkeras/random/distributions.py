"""Draws of a given shape: uniform, normal, truncated normal and whole numbers."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show

from . import draw
from .seeding import Seed


def uniform(
    shape: Sequence[int],
    minval: Any = 0.0,
    maxval: Any = 1.0,
    dtype: Any = None,
    seed: Seed | None = None,
) -> Tensor:
    """Draw evenly from `[minval, maxval)`.

    Args:
        shape: The shape of the result.
        minval: The lowest possible number.
        maxval: The number that stays out of reach.
        dtype: A float dtype; `floatx()` if not given.
        seed: An integer, which gives the same numbers on every call; a `SeedGenerator`; or `None`
            for the global one. Any of them costs a fresh torch generator, about 4 µs.

    Raises:
        ValueError: If `dtype` is not a float, or a size is unknown.

    Example:
        >>> import torchkeras
        >>> torchkeras.random.uniform((2,), minval=-1, maxval=1, seed=3).shape
        torch.Size([2])
    """
    return draw.uniform(known(shape), minval, maxval, float_dtype(dtype), seed, device.running())


def normal(
    shape: Sequence[int],
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    seed: Seed | None = None,
) -> Tensor:
    """Draw from a normal distribution.

    Args:
        shape: The shape of the result.
        mean: The mean.
        stddev: The standard deviation.
        dtype: A float dtype; `floatx()` if not given.
        seed: An integer, which gives the same numbers on every call; a `SeedGenerator`; or `None`
            for the global one. Any of them costs a fresh torch generator, about 4 µs.

    Raises:
        ValueError: If `dtype` is not a float, or a size is unknown.

    Example:
        >>> import torchkeras
        >>> torchkeras.random.normal((2, 3), stddev=0.1, seed=3).dtype
        torch.float32
    """
    return draw.normal(known(shape), mean, stddev, float_dtype(dtype), seed, device.running())


def truncated_normal(
    shape: Sequence[int],
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    seed: Seed | None = None,
) -> Tensor:
    """Draw from a normal distribution what lies within two standard deviations of the mean.

    Args:
        shape: The shape of the result.
        mean: The mean before truncation.
        stddev: The standard deviation before truncation.
        dtype: A float dtype; `floatx()` if not given.
        seed: An integer, which gives the same numbers on every call; a `SeedGenerator`; or `None`
            for the global one. Any of them costs a fresh torch generator, about 4 µs.

    Raises:
        ValueError: If `dtype` is not a float, or a size is unknown.

    Example:
        >>> import torchkeras
        >>> x = torchkeras.random.truncated_normal((100,), seed=3)
        >>> bool((x.abs() < 2).all())
        True
    """
    return draw.truncated_normal(
        known(shape), mean, stddev, float_dtype(dtype), seed, device.running()
    )


def randint(
    shape: Sequence[int], minval: int, maxval: int, dtype: Any = "int32", seed: Seed | None = None
) -> Tensor:
    """Draw whole numbers evenly from `[minval, maxval)`.

    Args:
        shape: The shape of the result.
        minval: The lowest possible number.
        maxval: The number that stays out of reach.
        dtype: The dtype of the result.
        seed: An integer, which gives the same numbers on every call; a `SeedGenerator`; or `None`
            for the global one. Any of them costs a fresh torch generator, about 4 µs.

    Raises:
        ValueError: If `maxval` is not above `minval`, a size is unknown, or `dtype` holds floats.

    Example:
        >>> import torchkeras
        >>> dice = torchkeras.random.randint((100,), 1, 7, seed=3)
        >>> sorted(set(dice.tolist()))
        [1, 2, 3, 4, 5, 6]
    """
    low, high = int(minval), int(maxval)
    if low >= high:
        raise ValueError(
            f"`maxval` must be above `minval`. Received: minval={minval}, maxval={maxval}."
        )
    wanted = to_torch(dtype)
    if wanted.is_floating_point or wanted.is_complex:
        raise ValueError(
            f"`dtype` must be one of whole numbers. Received: dtype={dtype!r}. Cast the result "
            "with `ops.cast`, or draw with `random.uniform`."
        )
    return draw.integers(low, high, known(shape), wanted, seed, device.running())


def known(shape: Sequence[int]) -> tuple[int, ...]:
    """Return `shape` as a tuple if every size is known."""
    sizes = tuple(shape)
    if None in sizes:
        raise ValueError(
            f"`shape` must hold known sizes. Received: shape={shape}. Inside a layer, take the "
            "sizes from the shape of the tensor that `call` gets."
        )
    return sizes


def float_dtype(dtype: Any) -> torch.dtype:
    """Return the torch dtype if it is a float one."""
    made = to_torch(dtype)
    if not made.is_floating_point:
        raise ValueError(f"`dtype` must be a float dtype. Received: dtype={show(dtype)}.")
    return made
