"""`AlphaDropout`: dropout that leaves mean and variance as they are."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras import random
from torchkeras.layers.base.arguments import number
from torchkeras.layers.layer import Layer

from .dropout import noise_sizes

# What SELU tends to for very negative inputs.
_SATURATED = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946


class AlphaDropout(Layer):
    """In training, set a random part of the inputs to SELU's lowest value, and scale and shift all.

    Mean and variance of normalized inputs stay 0 and 1.

    Args:
        rate: The part to drop, from 0 to 1.
        noise_shape: The shape of the choice, which is broadcast to the inputs: `(None, 1, None)`
            drops the same features at every step.
        seed: An integer, for the same choices in every run; without it torch's own generator draws.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: If `rate` is outside 0 to 1 or `noise_shape` is not made of positive integers.

    Differs from Keras:
        A rate of 1 gives zeros, the limit of the formula; Keras divides by zero.

    Source:
        Klambauer et al. 2017, https://arxiv.org/abs/1706.02515

    Example:
        >>> import torch, torchkeras
        >>> y = torchkeras.layers.AlphaDropout(0.5, seed=1)(torch.zeros(1000), training=True)
        >>> len(set(y.tolist()))
        2
    """

    seed_generator: random.SeedGenerator

    built = True

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate = number("rate", rate, 0, 1)
        self.seed = seed
        self.noise_shape = noise_sizes(noise_shape)
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return torch.zeros_like(inputs)
        scale = ((1 - self.rate) * (1 + self.rate * _SATURATED**2)) ** -0.5
        shift = -scale * _SATURATED * self.rate
        kept = self._draw(inputs) >= self.rate
        # The shift goes in with the choice, so that only one more pass is made over the inputs.
        return torch.where(kept, inputs * scale + shift, scale * _SATURATED + shift)

    def _draw(self, inputs: Tensor) -> Tensor:
        shape = [
            size if wanted is None else wanted
            for size, wanted in zip(
                inputs.shape, self.noise_shape or (None,) * inputs.dim(), strict=True
            )
        ]
        if self.seed is None:
            return torch.rand(shape, device=inputs.device)
        return random.uniform(shape, seed=self.seed_generator).to(inputs.device)

    def compute_output_spec(self, inputs: Any, training: bool = False) -> Any:
        return super().compute_output_spec(inputs)  # the same in training, without a choice to make
