"""What functions of images are given: one image or a batch, channels last or first."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._base.settings import standardize_data_format
from torchkeras._state.convert import tensor


class Images(NamedTuple):
    """A batch of images with the channels in one place, and what it was made of."""

    values: Tensor
    is_one: bool
    is_last: bool
    dtype: torch.dtype

    def back(self, values: Tensor, *, first: bool) -> Tensor:
        """Return a batch as the images were given: channels, rank and dtype.

        Args:
            values: A batch.
            first: Whether its channels are second.
        """
        if first and self.is_last:
            values = values.movedim(1, -1)
        elif not first and not self.is_last:
            values = values.movedim(-1, 1)
        if self.is_one:
            values = values.squeeze(0)
        if not self.dtype.is_floating_point and values.is_floating_point():
            values = values.round()
        return values.to(self.dtype)


def channels_first(images: Any, data_format: str | None) -> Images:
    """Return a batch of shape `(batch, channels, height, width)`."""
    given = checked(images)
    last = standardize_data_format(data_format) == "channels_last"
    batch = given if given.dim() == 4 else given.unsqueeze(0)
    return Images(batch.movedim(-1, 1) if last else batch, given.dim() == 3, last, given.dtype)


def channels_last(images: Any, data_format: str | None) -> Images:
    """Return a batch of shape `(batch, height, width, channels)`."""
    found = channels_first(images, data_format)
    return found._replace(values=found.values.movedim(1, -1))


def checked(images: Any, name: str = "images") -> Tensor:
    """Return images as a tensor.

    Raises:
        ValueError: If they do not have 3 or 4 axes.
    """
    value = tensor(images)
    if value.dim() not in (3, 4):
        raise ValueError(
            f"`{name}` must have 3 axes (one image) or 4 (a batch). Received: {name}={show(value)}."
        )
    return value


def channel_axis(data_format: str | None) -> int:
    """Return the axis of the channels, counted from the end."""
    return -1 if standardize_data_format(data_format) == "channels_last" else -3


def floats(x: Tensor) -> Tensor:
    """Return a tensor in which torch computes images: float32 unless it is float64."""
    return x if x.dtype in (torch.float32, torch.float64) else x.float()
