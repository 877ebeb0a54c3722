"""`AveragePooling1D`, `2D` and `3D`: the mean of the entries under a window."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .pooling import Pads, Pooling, torch_order


class _AveragePooling(Pooling):
    """The mean of the entries under a window."""

    def _pool(self, x: Tensor) -> Tensor:
        return _average(x, *self._window)

    def _pool_same(self, x: Tensor, pads: Pads) -> Tensor:
        """Leave even padding out of the means; where it is uneven, repeat the edges, as Keras."""
        window, strides = self._window
        if all(before == after for before, after in pads):
            around = [before for before, _ in pads]
            return _average(x, window, strides, around, count_include_pad=False)
        padded = [size for size, pair in zip(window, pads, strict=True) if pair != (0, 0)]
        moves = [step for step, pair in zip(strides, pads, strict=True) if pair != (0, 0)]
        if max(padded) == 2 and min(moves) > 1:
            # The mean of an entry and its copy is the entry: torch need not see the copy.
            return _average(x, window, strides, ceil_mode=True, count_include_pad=False)
        return _average(F.pad(x, torch_order(pads), mode="replicate"), window, strides)


def _average(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    if x.dim() == 4:
        return F.avg_pool2d(x, *args, **kwargs)
    if x.device.type == "cpu" and x.dtype in (torch.bfloat16, torch.float16):
        return F.avg_pool3d(x.float(), *args, **kwargs).to(x.dtype)  # torch has no such kernel
    return F.avg_pool3d(x, *args, **kwargs)


class AveragePooling1D(_AveragePooling):
    """Reduce the entries of sequences under a window to their mean.

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
        >>> torchkeras.layers.AveragePooling1D(2)(x).flatten()
        tensor([2.0000, 3.5000])
    """

    rank = 1

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling2D(_AveragePooling):
    """Reduce the entries of images under a window to their mean.

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
        >>> torchkeras.layers.AveragePooling2D(2)(torch.arange(16.0).reshape(1, 4, 4, 1)).flatten()
        tensor([ 2.5000,  4.5000, 10.5000, 12.5000])
    """

    rank = 2

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling3D(_AveragePooling):
    """Reduce the entries of volumes under a window to their mean.

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
        >>> x = torch.arange(8.0).reshape(1, 2, 2, 2, 1)
        >>> torchkeras.layers.AveragePooling3D(2)(x).flatten()
        tensor([3.5000])
    """

    rank = 3

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)
