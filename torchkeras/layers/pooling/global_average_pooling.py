"""`GlobalAveragePooling1D`, `2D` and `3D`: the mean of all entries."""

from typing import Any

import torch
from torch import Tensor

from .global_pooling import GlobalPooling


class _GlobalAveragePooling(GlobalPooling):
    """The mean of all entries."""

    def call(self, inputs: Tensor) -> Tensor:
        x = inputs if inputs.is_floating_point() else inputs.float()
        return x.mean(self._dims, self.keepdims)


class GlobalAveragePooling1D(_GlobalAveragePooling):
    """Reduce the steps of sequences to their mean over the steps that count.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        keepdims: Whether the reduced axes stay, with size 1.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, channels)`, or `(batch, channels, steps)`.

    Output shape:
        `(batch, channels)`; with `keepdims`, `(batch, 1, channels)` or `(batch, channels, 1)`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.GlobalAveragePooling1D()(torch.tensor([[[1.0], [3.0]]]))
        tensor([[2.]])
    """

    rank = 1

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True
        # Without a mask that comes in there is none to end here.
        object.__setattr__(self, "_computes_mask", False)

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return super().call(inputs)
        (steps,) = self._dims
        counts = mask.bool().unsqueeze(2 if steps == 1 else 1)
        total = torch.where(counts, inputs, 0).sum(steps, self.keepdims)
        return total / counts.to(inputs.dtype).sum(steps, self.keepdims)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return None


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """Reduce the entries of images to their mean.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        keepdims: Whether the reduced axes stay, with size 1.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        `(batch, channels)`; with `keepdims`, `(batch, 1, 1, channels)` or
        `(batch, channels, 1, 1)`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.GlobalAveragePooling2D()(torch.arange(4.0).reshape(1, 2, 2, 1))
        tensor([[1.5000]])
    """

    rank = 2


class GlobalAveragePooling3D(_GlobalAveragePooling):
    """Reduce the entries of volumes to their mean.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        keepdims: Whether the reduced axes stay, with size 1.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.

    Output shape:
        `(batch, channels)`; with `keepdims`, `(batch, 1, 1, 1, channels)` or
        `(batch, channels, 1, 1, 1)`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.GlobalAveragePooling3D()(torch.arange(8.0).reshape(1, 2, 2, 2, 1))
        tensor([[3.5000]])
    """

    rank = 3
