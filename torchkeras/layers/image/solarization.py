"""`Solarization`: images whose light parts are inverted."""

from typing import Any

import torch
from torch import Tensor

from . import factors
from .base import ColorLayer
from .eager import bytes_changed


class Solarization(ColorLayer):
    """In training, add a random number to images, and invert what is not below a threshold.

    Args:
        addition_factor: How much is added, as a part of the range: a number for 0 up to it, or
            lower and upper, from 0 to 1.
        threshold_factor: The threshold, likewise.
        value_range: The lowest and the highest value of images.
        seed: An integer, for the same choices in every run.
        **kwargs: `data_format`, and the keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary.

    Output shape:
        The input's.

    Raises:
        ValueError: If a factor is out of range.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Solarization()(torch.tensor([[[55.0]]]))
        tensor([[[200.]]])
    """

    takes_factor = False
    takes_bytes = True

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.addition_factor = _part("addition_factor", addition_factor)
        self.threshold_factor = _part("threshold_factor", threshold_factor)
        self.value_range = factors.value_range(value_range)
        self._seed_with(seed)

    def draw(self, images: Any, seed: Any) -> dict[str, Any]:
        shape = (1,) * 3 if len(images.shape) == 3 else (images.shape[0], 1, 1, 1)
        return {
            name: self.uniform(shape, low, high * 255, seed, images, dtype=self.compute_dtype)
            for name, (low, high) in (
                ("additions", self.addition_factor),
                ("thresholds", self.threshold_factor),
            )
        }

    def move(self, images: Tensor, transformation: Any, interpolation: str) -> Tensor:
        if transformation is None:
            return images.to(self.torch_dtype)
        if images.dtype == torch.uint8:
            values = torch.arange(256, device=images.device).to(self.torch_dtype)
            table = self._solarized(values.view(1, 256, 1, 1), transformation)
            return bytes_changed(images, table.expand(len(images), -1, -1, -1))
        return self._solarized(images, transformation)

    def _solarized(self, x: Tensor, transformation: Any) -> Tensor:
        x = factors.rescaled(x, self.value_range, (0, 255)) + transformation["additions"]
        x = x.clamp_(0, 255)
        x = torch.where(x < transformation["thresholds"], x, 255 - x)
        return factors.rescaled(x, (0, 255), self.value_range, is_own=True)


def _part(name: str, factor: Any) -> tuple[Any, Any]:
    low, high = factors.within(name, factor, 0, 1)
    return (low, high) if isinstance(factor, (tuple, list)) else (0, high)
