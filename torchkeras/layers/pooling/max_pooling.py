"""`MaxPooling1D`, `2D` and `3D`: the largest entry under a window."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .pooling import Pads, Pooling, torch_order


class _MaxPooling(Pooling):
    """The largest entry under a window."""

    def _pool(self, x: Tensor) -> Tensor:
        pool = torch.max_pool3d if self.rank == 3 else torch.max_pool2d
        return pool(x, *self._window)

    def _pool_same(self, x: Tensor, pads: Pads) -> Tensor:
        window, strides = self._window
        pool = torch.max_pool3d if self.rank == 3 else torch.max_pool2d
        uneven = [
            stride for (before, after), stride in zip(pads, strides, strict=True) if before != after
        ]
        if 1 in uneven:
            return pool(F.pad(x, torch_order(pads), value=float("-inf")), window, strides)
        # With steps above 1 torch makes the last window, which reaches over the end, by itself.
        return pool(x, window, strides, [before for before, _ in pads], ceil_mode=bool(uneven))


class MaxPooling1D(_MaxPooling):
    """Reduce the entries of sequences under a window to their maximum.

    Args:
        pool_size: The length of the window.
        strides: How far the window moves; `pool_size` if not given.
        padding: `"valid"` for none, or `"same"` for `steps / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        name: The layer's name.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, channels)`, or `(batch, channels, steps)`.

    Output shape:
        The input's, with fewer steps.

    Raises:
        ValueError: If the window is larger than the input and `padding` is `"valid"`.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.tensor([[[1.0], [3.0], [2.0], [5.0]]])
        >>> torchkeras.layers.MaxPooling1D(2)(x).flatten()
        tensor([3., 5.])
    """

    rank = 1

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class MaxPooling2D(_MaxPooling):
    """Reduce the entries of images under a window to their maximum.

    Args:
        pool_size: Height and width of the window; one number serves for both.
        strides: How far the window moves; `pool_size` if not given.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        name: The layer's name.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        The input's, with fewer places.

    Raises:
        ValueError: If the window is larger than the input and `padding` is `"valid"`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.MaxPooling2D(2)(torch.arange(16.0).reshape(1, 4, 4, 1)).flatten()
        tensor([ 5.,  7., 13., 15.])
    """

    rank = 2

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2),
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class MaxPooling3D(_MaxPooling):
    """Reduce the entries of volumes under a window to their maximum.

    Args:
        pool_size: Depth, height and width of the window; one number serves for all.
        strides: How far the window moves; `pool_size` if not given.
        padding: `"valid"` for none, or `"same"` for `size / strides` outputs (rounded up).
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        name: The layer's name.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.

    Output shape:
        The input's, with fewer places.

    Raises:
        ValueError: If the window is larger than the input and `padding` is `"valid"`.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.MaxPooling3D(2)(torch.arange(8.0).reshape(1, 2, 2, 2, 1)).flatten()
        tensor([7.])
    """

    rank = 3

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2, 2),
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)
