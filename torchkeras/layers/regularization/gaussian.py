"""`GaussianNoise` and `GaussianDropout`: normal noise on the inputs, in training."""

import math
from typing import Any

import torch
from torch import Tensor

from torchkeras import random
from torchkeras.layers.base.arguments import number
from torchkeras.layers.layer import Layer


class GaussianNoise(Layer):
    """In training, add normal noise of mean 0 to the inputs.

    Args:
        stddev: The standard deviation of the noise, from 0 to 1.
        seed: An integer, for the same noise in every run.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: If `stddev` is outside 0 to 1.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.GaussianNoise(0.1, seed=1)
        >>> torch.equal(layer(torch.ones(3)), torch.ones(3))
        True
        >>> torch.equal(layer(torch.ones(3), training=True), torch.ones(3))
        False
    """

    seed_generator: random.SeedGenerator

    built = True

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = number("stddev", stddev, 0, 1)
        self.seed = seed
        if stddev > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.stddev == 0:
            return inputs
        if self.seed is None:
            return inputs + torch.randn_like(inputs) * self.stddev
        return inputs + _noise(inputs, 0.0, self.stddev, self.seed_generator)


class GaussianDropout(Layer):
    """In training, multiply the inputs by normal noise of mean 1 and variance `rate / (1 - rate)`.

    Args:
        rate: The part that `Dropout` would drop for the same variance, from 0 up to 1.
        seed: An integer, for the same noise in every run.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: If `rate` is outside 0 to 1.

    Source:
        Srivastava et al. 2014, https://www.jmlr.org/papers/v15/srivastava14a.html

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.GaussianDropout(0.1, seed=1)
        >>> torch.equal(layer(torch.ones(3)), torch.ones(3))
        True
        >>> torch.equal(layer(torch.ones(3), training=True), torch.ones(3))
        False
    """

    seed_generator: random.SeedGenerator

    built = True

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = number("rate", rate, 0, 1)
        self.seed = seed
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        stddev = math.sqrt(self.rate / (1.0 - self.rate))
        if self.seed is None:
            return inputs * (torch.randn_like(inputs) * stddev + 1.0)
        return inputs * _noise(inputs, 1.0, stddev, self.seed_generator)


def _noise(inputs: Tensor, mean: float, stddev: float, seeds: random.SeedGenerator) -> Tensor:
    """Draw what Keras draws for the same seed."""
    noise = random.normal(inputs.shape, mean, stddev, dtype=inputs.dtype, seed=seeds)
    return noise.to(inputs.device)
