"""Draws that start from tensors: classes, shuffles, dropout, gamma, binomial and beta."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op

from . import draw
from .distributions import float_dtype, known
from .dropping import drop
from .seed_generator import SeedGenerator
from .seeding import Seed


@op
def categorical(
    logits: Any, num_samples: int, dtype: Any = "int32", seed: Seed | None = None
) -> Tensor:
    """Draw classes with probabilities `softmax(logits)`.

    Args:
        logits: Unnormalised log-probabilities, of shape `(batch, classes)`.
        num_samples: How many classes to draw for each row.
        dtype: The dtype of the result.
        seed: An integer, which gives the same numbers on every call; a `SeedGenerator`; or `None`
            for the global one. Any of them costs a fresh torch generator, about 4 µs.

    Returns:
        Indices of classes, of shape `(batch, num_samples)`.

    Raises:
        ValueError: If `logits` has not two axes.

    Example:
        >>> import torchkeras
        >>> torchkeras.random.categorical([[-100.0, 100.0]], 3, seed=3).tolist()
        [[1, 1, 1]]
    """
    logits = tensor(logits)
    if logits.ndim != 2:
        raise ValueError(
            f"`logits` must have the shape (batch, classes). Received: logits={show(logits)}."
        )
    probabilities = torch.softmax(logits, -1)
    return draw.given("multinomial", [probabilities], seed, num_samples).to(to_torch(dtype))


@op
def shuffle(x: Any, axis: int = 0, seed: Seed | None = None) -> Tensor:
    """Put the entries along one axis in another order.

    Args:
        x: A tensor.
        axis: The axis. Along an axis that is not the first, each slice of those before it is
            shuffled on its own.
        seed: An integer, which gives the same order on every call; a `SeedGenerator`; or `None`
            for the global one. Any of them costs a fresh torch generator, about 4 µs.

    Example:
        >>> import torchkeras
        >>> sorted(torchkeras.random.shuffle([1, 2, 3], seed=3).tolist())
        [1, 2, 3]
    """
    x = tensor(x)
    dim = axis % x.ndim
    keys = draw.basic("uniform", x.shape[: dim + 1], torch.float32, seed, x.device)
    order = keys.argsort(dim).reshape(*keys.shape, *[1] * (x.ndim - dim - 1))
    return x.gather(dim, order.expand(x.shape))


@op
def dropout(
    inputs: Any,
    rate: float,
    noise_shape: Sequence[int | None] | None = None,
    seed: Seed | None = None,
) -> Tensor:
    """Set a random part of the entries to zero and divide the others by `1 - rate`.

    Args:
        inputs: A tensor of floats.
        rate: The part to drop, from 0 to 1.
        noise_shape: The shape of the choice, which is broadcast to the inputs; `None` in it stands
            for the inputs' size.
        seed: An integer or a `SeedGenerator` with a seed of its own. Without one torch's own
            dropout runs, on torch's global generator; with one it takes about twice the time.

    Raises:
        ValueError: If `rate` is outside 0 to 1.

    Example:
        >>> import torchkeras
        >>> sorted(set(torchkeras.random.dropout([1.0] * 20, 0.5, seed=3).tolist()))
        [0.0, 2.0]
    """
    inputs = tensor(inputs)
    if not 0 <= rate <= 1:
        raise ValueError(f"`rate` must lie between 0 and 1. Received: rate={rate}.")
    if rate == 0:
        return inputs
    if rate == 1:
        return torch.zeros_like(inputs)
    if noise_shape is None and _unseeded(seed):
        return drop(inputs, rate)
    shape = _noise_shape(inputs, noise_shape)
    kept = draw.basic("bernoulli", shape, torch.float32, seed, inputs.device, 1.0 - rate).bool()
    return torch.where(kept, inputs / (1.0 - rate), torch.zeros_like(inputs))


def _unseeded(seed: Seed | None) -> bool:
    return seed is None or (isinstance(seed, SeedGenerator) and seed.initial_seed is None)


def _noise_shape(inputs: Tensor, noise_shape: Sequence[int | None] | None) -> list[int]:
    if noise_shape is None:
        return list(inputs.shape)
    if len(noise_shape) > inputs.ndim:
        raise ValueError(
            "`noise_shape` must broadcast to the inputs. "
            f"Received: noise_shape={tuple(noise_shape)}, inputs={show(inputs)}."
        )
    return [inputs.shape[axis] if n is None else n for axis, n in enumerate(noise_shape)]


@op
def gamma(shape: Sequence[int], alpha: Any, dtype: Any = None, seed: Seed | None = None) -> Tensor:
    """Draw from a gamma distribution of rate 1.

    Args:
        shape: The shape of the result.
        alpha: The concentration, above 0; broadcast to `shape`.
        dtype: A float dtype; `floatx()` if not given.
        seed: An integer, which gives the same numbers on every call; a `SeedGenerator`; or `None`
            for the global one. Any of them costs a fresh torch generator, about 4 µs.

    Raises:
        ValueError: If `alpha` is a number that is not positive.

    Example:
        >>> import torchkeras
        >>> bool((torchkeras.random.gamma((5,), 2.0, seed=3) > 0).all())
        True
    """
    (concentration,), where = _parameters(shape, alpha=alpha)
    made = draw.given("gamma", [concentration], seed)
    made = made.clamp_(min=torch.finfo(made.dtype).tiny)
    return made.to(where, float_dtype(dtype))


@op
def binomial(
    shape: Sequence[int],
    counts: Any,
    probabilities: Any,
    dtype: Any = None,
    seed: Seed | None = None,
) -> Tensor:
    """Draw how many of `counts` trials succeed.

    Args:
        shape: The shape of the result.
        counts: The number of trials; broadcast to `shape`.
        probabilities: The probability that a trial succeeds; broadcast to `shape`.
        dtype: A float dtype; `floatx()` if not given.
        seed: An integer, which gives the same numbers on every call; a `SeedGenerator`; or `None`
            for the global one. Any of them costs a fresh torch generator, about 4 µs.

    Example:
        >>> import torchkeras
        >>> torchkeras.random.binomial((3,), 5, 1.0, seed=3).tolist()
        [5.0, 5.0, 5.0]
    """
    given, where = _parameters(shape, counts=counts, probabilities=probabilities)
    trials, chances = given
    made = draw.given("binomial", [trials, chances.to(trials.dtype)], seed)
    return made.to(where, float_dtype(dtype))


@op
def beta(
    shape: Sequence[int], alpha: Any, beta: Any, dtype: Any = None, seed: Seed | None = None
) -> Tensor:
    """Draw from a beta distribution.

    Args:
        shape: The shape of the result.
        alpha: The concentration of 1, above 0; broadcast to `shape`.
        beta: The concentration of 0, above 0; broadcast to `shape`.
        dtype: A float dtype; `floatx()` if not given.
        seed: An integer, which gives the same numbers on every call; a `SeedGenerator`; or `None`
            for the global one. Any of them costs a fresh torch generator, about 4 µs.

    Raises:
        ValueError: If `alpha` or `beta` is a number that is not positive.

    Example:
        >>> import torchkeras
        >>> x = torchkeras.random.beta((5,), 2.0, 3.0, seed=3)
        >>> bool(((x > 0) & (x < 1)).all())
        True
    """
    given, where = _parameters(shape, alpha=alpha, beta=beta)
    made = draw.given("dirichlet", [torch.stack(given, -1)], seed)
    return made[..., 0].to(where, float_dtype(dtype))


def _parameters(shape: Sequence[int], **given: Any) -> tuple[list[Tensor], torch.device]:
    """Return a distribution's parameters as float tensors of the wanted shape, and their device."""
    sizes, made = known(shape), []
    for name, value in given.items():
        if name in ("alpha", "beta") and isinstance(value, (int, float)) and value <= 0:
            raise ValueError(f"`{name}` must be positive. Received: {name}={value}.")
        parameter = tensor(value)
        if not parameter.is_floating_point():
            parameter = parameter.to(float_dtype(None))
        if parameter.itemsize < 4:  # torch draws from these with whole floats only
            parameter = parameter.float()
        made.append(parameter.broadcast_to(sizes))
    where = made[0].device
    # MPS has none of these kernels, so the CPU draws for it.
    return [each.cpu() if where.type == "mps" else each for each in made], where
