"""Windows of images at random places, one for each image."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from .base import ImageLayer, batch_of
from .eager import is_eager_on_cpu

_LARGE = 12_000  # numbers in a picture, from which on one copy for each costs less than a choice


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
        across, down = (columns >= x0) & (columns < x1), (rows >= y0) & (rows < y1)
        # Bytes are compared several at once, booleans are not.
        inside = (across.view(torch.uint8) & down.view(torch.uint8)).view(torch.bool)
        inside = inside.unsqueeze(1 if layer.data_format == "channels_first" else -1)
        if is_eager_on_cpu(inside) and not inside.is_inference():
            inside.window = (self, inside._version)  # type: ignore[attr-defined]
        return inside

    def share(self, layer: ImageLayer, images: Any) -> Tensor:
        """Return which part of the images the windows are."""
        height, width = layer.size_of(images)
        return (self.x1 - self.x0) * (self.y1 - self.y0) / (width * height)

    def corners(self) -> list[list[int]]:
        """Return first and last column and row of each window, the last ones outside of it."""
        ends: list[list[int]] = torch.stack(list(self), 1).ceil().int().tolist()
        return ends


def pasted(
    layer: ImageLayer,
    images: Tensor,
    mask: Tensor,
    what: Any,
    sources: Any = None,
    chosen: Any = None,
    is_own: bool = False,
) -> Tensor:
    """Return images with something else in their windows.

    Args:
        layer: Whose images they are.
        images: A batch.
        mask: Where the windows are.
        what: A number, one for each channel, or a batch of images.
        sources: Which image of `what` comes into which; `None` for the one of the same number.
        chosen: Which images get something, all if not given.
        is_own: Whether the images may be overwritten.
    """
    corners = _corners(layer, mask, images)
    if corners is None:
        if sources is not None:
            what = what.index_select(0, sources)
        if chosen is not None:
            mask = mask & chosen.reshape(-1, 1, 1, 1)
        return _where(mask, what, images)
    done = images if is_own else images.clone()
    given = [what] * len(images)
    if isinstance(what, Tensor) and what.dim() == 4:
        pieces = what.unbind()
        given = [pieces[i] for i in sources.tolist()] if sources is not None else list(pieces)
    picked = [True] * len(images) if chosen is None else chosen.tolist()
    for into, source, corner, is_picked in zip(done.unbind(), given, corners, picked, strict=True):
        if is_picked:
            _copy(layer, into, source, corner)
    return done


def _copy(layer: ImageLayer, into: Tensor, source: Any, corner: list[int]) -> None:
    """Put a window of one image, or a value, into another image."""
    x0, x1, y0, y1 = corner
    window: Any = (slice(y0, y1), slice(x0, x1))
    if layer.data_format == "channels_first":
        window = (slice(None), *window)
    is_image = isinstance(source, Tensor) and source.shape == into.shape
    into[window] = source[window] if is_image else source


def _corners(layer: ImageLayer, mask: Tensor, images: Tensor) -> list[list[int]] | None:
    """Return the corners of the windows of a mask, if copying windows is quicker than choosing."""
    window, version = getattr(mask, "window", (None, 0))
    if window is None or mask._version != version or window.x0.dtype != torch.float32:
        return None
    if len(mask) != len(images) or layer.size_of(mask) != layer.size_of(images):
        return None
    if not is_eager_on_cpu(images) or images.requires_grad or images.shape[1:].numel() < _LARGE:
        return None
    return window.corners()


def _where(mask: Tensor, what: Any, images: Tensor) -> Tensor:
    mask = mask.expand_as(images).contiguous()
    if isinstance(what, Tensor) and what.dim() == 1:
        what = what.expand(images.shape[-2:]).contiguous()
    return torch.where(mask, what, images)
