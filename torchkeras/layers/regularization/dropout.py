"""`Dropout`: a random part of the inputs is set to zero."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from torchkeras import random
from torchkeras.layers.base.arguments import number, sizes
from torchkeras.layers.layer import Layer
from torchkeras.random.dropping import drop


class Dropout(Layer):
    """In training, set a random part of the inputs to zero and divide the rest by `1 - rate`.

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

    Example:
        >>> import torch, torchkeras
        >>> y = torchkeras.layers.Dropout(0.5, seed=1)(torch.ones(100), training=True)
        >>> sorted(set(y.tolist()))
        [0.0, 2.0]
    """

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
        if self.seed is None and self.noise_shape is None:
            return drop(inputs, self.rate)
        return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)

    def compute_output_spec(self, inputs: Any, training: bool = False) -> Any:
        return super().compute_output_spec(inputs)  # the same in training, without a choice to make


def noise_sizes(noise_shape: Any) -> tuple[int | None, ...] | None:
    """Return a `noise_shape` as a tuple.

    Raises:
        ValueError: If it is not made of positive integers and `None`.
    """
    if noise_shape is None:
        return None
    if not isinstance(noise_shape, (tuple, list)):
        raise ValueError(
            "`noise_shape` must be a tuple of positive integers and None. "
            f"Received: noise_shape={noise_shape!r}."
        )
    known = tuple(size for size in noise_shape if size is not None)
    sizes("noise_shape", known, len(known))
    return tuple(noise_shape)
