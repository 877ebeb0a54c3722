"""Windows of images at random places, one for each image."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from .base import ImageLayer, batch_of


class Window(NamedTuple):
    """Where windows begin and end."""

    x0: Tensor
    x1: Tensor
    y0: Tensor
    y1: Tensor

    @classmethod
    def drawn(
        cls, layer: ImageLayer, images: Any, wide: Tensor, tall: Tensor, seed: Any
    ) -> "Window":
        """Draw places for windows of given parts of the width and height."""
        height, width = layer.size_of(images)
        ends: list[Tensor] = []
        for share, size in ((wide, width), (tall, height)):
            length = (share * size).to(layer.torch_dtype)
            dtype = layer.compute_dtype
            place = layer.uniform((batch_of(images),), 0, 1, seed, images, dtype=dtype)
            start = place * (size - length)
            ends += [start, start + length]
        return cls(*ends)

    def mask(self, layer: ImageLayer, images: Any) -> Tensor:
        """Return where the windows are, to broadcast to the images."""
        height, width = layer.size_of(images)
        device = self.x0.device
        rows = torch.arange(height, dtype=self.x0.dtype, device=device)[:, None]
        columns = torch.arange(width, dtype=self.x0.dtype, device=device)
        x0, x1, y0, y1 = (place[:, None, None] for place in self)
        inside = (columns >= x0) & (columns < x1) & (rows >= y0) & (rows < y1)
        return inside.unsqueeze(1 if layer.data_format == "channels_first" else -1)

    def share(self, layer: ImageLayer, images: Any) -> Tensor:
        """Return which part of the images the windows are."""
        height, width = layer.size_of(images)
        return (self.x1 - self.x0) * (self.y1 - self.y0) / (width * height)
