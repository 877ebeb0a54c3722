"""Initializers that draw every number from one distribution, whatever the shape."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from torchkeras._base import device
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras.random import draw
from torchkeras.random.distributions import float_dtype
from torchkeras.random.seed_generator import SeedGenerator, make_default_seed

from .initializer import Initializer


class RandomInitializer(Initializer):
    """An initializer with a seed: an integer, a `SeedGenerator`, or one drawn when it is made."""

    def __init__(self, seed: Any = None) -> None:
        self._given_seed = seed
        if seed is None:
            seed = make_default_seed()
        elif isinstance(seed, Mapping):
            seed = self._given_seed = deserialize_keras_object(seed)
        if not isinstance(seed, (int, SeedGenerator)):
            raise ValueError(
                "`seed` must be an integer, a `torchkeras.random.SeedGenerator` or None. "
                f"Received: seed={seed!r} (of type {type(seed).__name__})."
            )
        self.seed = seed

    def get_config(self) -> dict[str, Any]:
        return {"seed": serialize_keras_object(self._given_seed)}


class RandomNormal(RandomInitializer):
    """Numbers from a normal distribution.

    Args:
        mean: The mean.
        stddev: The standard deviation.
        seed: An integer, which makes every weight of a shape the same; or a
            `torchkeras.random.SeedGenerator`, which makes each another. Without it a seed is drawn
            once, when the initializer is made.

    Example:
        >>> import torchkeras
        >>> torchkeras.initializers.RandomNormal(stddev=0.1, seed=3)((2, 3)).shape
        torch.Size([2, 3])
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        return draw.normal(
            shape, self.mean, self.stddev, float_dtype(dtype), self.seed, device.creation()
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomInitializer):
    """Numbers from a normal distribution that lie within two standard deviations of the mean.

    Args:
        mean: The mean before truncation.
        stddev: The standard deviation before truncation.
        seed: An integer, which makes every weight of a shape the same; or a
            `torchkeras.random.SeedGenerator`, which makes each another. Without it a seed is drawn
            once, when the initializer is made.

    Example:
        >>> import torchkeras
        >>> values = torchkeras.initializers.TruncatedNormal(stddev=0.1, seed=3)((20, 3))
        >>> bool((values.abs() < 0.2).all())
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        return draw.truncated_normal(
            shape, self.mean, self.stddev, float_dtype(dtype), self.seed, device.creation()
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class RandomUniform(RandomInitializer):
    """Numbers drawn evenly from `[minval, maxval)`.

    Args:
        minval: The lowest possible number.
        maxval: The number that stays out of reach.
        seed: An integer, which makes every weight of a shape the same; or a
            `torchkeras.random.SeedGenerator`, which makes each another. Without it a seed is drawn
            once, when the initializer is made.

    Example:
        >>> import torchkeras
        >>> values = torchkeras.initializers.RandomUniform(0, 1, seed=3)((20, 3))
        >>> bool(((values >= 0) & (values < 1)).all())
        True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        return draw.uniform(
            shape, self.minval, self.maxval, float_dtype(dtype), self.seed, device.creation()
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}
