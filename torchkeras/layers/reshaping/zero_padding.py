"""`ZeroPadding1D`, `2D` and `3D`: zeros around the inputs."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.base.arguments import sizes
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer

from .borders import Borders, borders, torch_padding


class _ZeroPadding(Layer):
    """Zeros at both ends of the spatial axes."""

    rank: ClassVar[int]
    data_format: str

    def _set_up(self, pairs: Borders, data_format: str | None) -> None:
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._torch_padding = torch_padding(pairs, self.data_format)

    def call(self, inputs: Tensor) -> Tensor:
        return F.pad(inputs, self._torch_padding)


class ZeroPadding1D(_ZeroPadding):
    """Add steps of zeros before and after each sequence.

    Args:
        padding: How many steps: one number for both ends, or `(before, after)`.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, features)`, or `(batch, features, steps)`.

    Output shape:
        The input's, with more steps.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.ZeroPadding1D((1, 2))(torch.ones(1, 2, 1)).flatten()
        tensor([0., 1., 1., 0., 0.])
    """

    rank = 1

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        before, after = sizes("padding", padding, 2, 0)
        self.padding = (before, after)
        self._set_up(((before, after),), data_format)


class ZeroPadding2D(_ZeroPadding):
    """Add rows and columns of zeros around each image.

    Args:
        padding: How many: one number for all sides, `(rows, columns)`, or
            `((top, bottom), (left, right))`.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        The input's, higher and wider.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.ZeroPadding2D(((1, 0), (0, 2)))
        >>> tuple(layer(torch.ones(1, 2, 2, 3)).shape)
        (1, 3, 4, 3)
    """

    rank = 2

    def __init__(
        self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.padding = borders("padding", padding, 2)
        self._set_up(self.padding, data_format)


class ZeroPadding3D(_ZeroPadding):
    """Add zeros around each volume.

    Args:
        padding: How many: one number for all sides, one for each axis, or a pair
            `(before, after)` for each axis.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.

    Output shape:
        The input's, larger along its three spatial axes.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.ZeroPadding3D((1, 0, 2))(torch.ones(1, 2, 2, 2, 3)).shape)
        (1, 4, 2, 6, 3)
    """

    rank = 3

    def __init__(
        self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.padding = borders("padding", padding, 3)
        self._set_up(self.padding, data_format)
