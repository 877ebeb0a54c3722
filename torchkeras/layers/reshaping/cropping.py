"""`Cropping1D`, `2D` and `3D`: the edges of the inputs are cut off."""

from typing import Any, ClassVar

from torch import Tensor

from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.base.arguments import sizes
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer

from .borders import Borders, borders


class _Cropping(Layer):
    """What is left without both ends of the spatial axes; a view."""

    rank: ClassVar[int]
    data_format = "channels_last"
    _pairs: Borders

    def _set_up(self, pairs: Borders) -> None:
        self._pairs = pairs
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Tensor) -> Tensor:
        first = 1 if self.data_format == "channels_last" else 2
        kept = inputs
        for axis, (before, after) in enumerate(self._pairs, first):
            length = kept.shape[axis] - before - after
            if length <= 0:
                raise ValueError(
                    f"`cropping` of layer {self.name!r} must leave something of every axis. "
                    f"Received: cropping={self._pairs}, inputs of shape {tuple(inputs.shape)}."
                )
            kept = kept.narrow(axis, before, length)
        return kept


class Cropping1D(_Cropping):
    """Cut steps off both ends of each sequence.

    Args:
        cropping: How many steps: one number for both ends, or `(before, after)`.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, features)`.

    Output shape:
        The input's, with fewer steps.

    Raises:
        ValueError: If nothing would be left.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Cropping1D((1, 2))(torch.arange(5.0)[None, :, None]).flatten()
        tensor([1., 2.])
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        before, after = sizes("cropping", cropping, 2, 0)
        self.cropping = (before, after)
        self._set_up(((before, after),))


class Cropping2D(_Cropping):
    """Cut rows and columns off the edges of each image.

    Args:
        cropping: How many: one number for all sides, `(rows, columns)`, or
            `((top, bottom), (left, right))`.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        The input's, less high and wide.

    Raises:
        ValueError: If nothing would be left.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.Cropping2D(((1, 0), (0, 2)))(torch.ones(1, 4, 5, 3)).shape)
        (1, 3, 3, 3)
    """

    rank = 2

    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.cropping = borders("cropping", cropping, 2)
        self._set_up(self.cropping)


class Cropping3D(_Cropping):
    """Cut the edges off each volume.

    Args:
        cropping: How much: one number for all sides, one for each axis, or a pair
            `(before, after)` for each axis.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.

    Output shape:
        The input's, smaller along its three spatial axes.

    Raises:
        ValueError: If nothing would be left.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.Cropping3D((1, 0, 1))(torch.ones(1, 3, 3, 3, 2)).shape)
        (1, 1, 3, 1, 2)
    """

    rank = 3

    def __init__(
        self,
        cropping: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.cropping = borders("cropping", cropping, 3)
        self._set_up(self.cropping)
