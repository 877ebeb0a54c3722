"""`AdaptiveAveragePooling1D`, `2D` and `3D`: means, as many as are wanted."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from .adaptive_pooling import AdaptivePooling


class _AdaptiveAveragePooling(AdaptivePooling):
    """The mean of the entries under each window."""

    computes_in_floats = True

    def _pool(self, x: Tensor) -> Tensor:
        pool: Any = F.adaptive_avg_pool3d if self.rank == 3 else F.adaptive_avg_pool2d
        return pool(x, self._window_count)


class AdaptiveAveragePooling1D(_AdaptiveAveragePooling):
    """Reduce sequences of any size to one size: the mean of even parts.

    Args:
        output_size: The number of steps that come out.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, channels)`, or `(batch, channels, steps)`.

    Output shape:
        `(batch, output_size, channels)`, or `(batch, channels, output_size)`.

    Raises:
        TypeError: If `output_size` is neither an integer nor a tuple.
        ValueError: If it is not positive, or has the wrong length.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.tensor([[[1.0], [3.0], [2.0], [5.0]]])
        >>> torchkeras.layers.AdaptiveAveragePooling1D(2)(x).flatten()
        tensor([2.0000, 3.5000])
    """

    rank = 1

    def __init__(
        self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(output_size, data_format, **kwargs)


class AdaptiveAveragePooling2D(_AdaptiveAveragePooling):
    """Reduce images of any size to one size: the mean of even parts.

    Args:
        output_size: Height and width that come out; one number serves for both.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        `(batch, *output_size, channels)`, or `(batch, channels, *output_size)`.

    Raises:
        TypeError: If `output_size` is neither an integer nor a tuple.
        ValueError: If it is not positive, or has the wrong length.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.arange(16.0).reshape(1, 4, 4, 1)
        >>> torchkeras.layers.AdaptiveAveragePooling2D((2, 1))(x).flatten()
        tensor([ 3.5000, 11.5000])
    """

    rank = 2

    def __init__(
        self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(output_size, data_format, **kwargs)


class AdaptiveAveragePooling3D(_AdaptiveAveragePooling):
    """Reduce volumes of any size to one size: the mean of even parts.

    Args:
        output_size: Depth, height and width that come out; one number serves for all.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.

    Output shape:
        `(batch, *output_size, channels)`, or `(batch, channels, *output_size)`.

    Raises:
        TypeError: If `output_size` is neither an integer nor a tuple.
        ValueError: If it is not positive, or has the wrong length.

    Example:
        >>> import torch, torchkeras
        >>> x = torch.arange(8.0).reshape(1, 2, 2, 2, 1)
        >>> torchkeras.layers.AdaptiveAveragePooling3D(1)(x).flatten()
        tensor([3.5000])
    """

    rank = 3

    def __init__(
        self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(output_size, data_format, **kwargs)
