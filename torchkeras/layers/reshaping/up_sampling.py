"""`UpSampling1D`, `2D` and `3D`: more steps, rows and columns."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from torchkeras._base.messages import one_of
from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.base.arguments import count, sizes
from torchkeras.layers.base.channels import to_first, to_last
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic")


class UpSampling1D(Layer):
    """Repeat each step `size` times.

    Args:
        size: How many times.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, features)`.

    Output shape:
        `(batch, steps * size, features)`.

    Raises:
        TypeError: If `size` is no integer.
        ValueError: If `size` is not positive.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.UpSampling1D(2)(torch.tensor([[[1.0], [2.0]]])).flatten()
        tensor([1., 1., 2., 2.])
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = count("size", size)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Tensor) -> Tensor:
        return repeated(inputs, (self.size,), 1)


class UpSampling2D(Layer):
    """Enlarge images, by repeating rows and columns or by interpolating between them.

    Args:
        size: The factors for height and width; one number serves for both.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        interpolation: `"nearest"`, `"bilinear"` or `"bicubic"`.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)`.

    Output shape:
        The input's, with height and width times `size`.

    Raises:
        ValueError: If `interpolation` is not one of those above; Lanczos's, which Keras has on
            other backends, does not exist on torch.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.UpSampling2D((1, 2))(torch.tensor([[[[1.0], [2.0]]]])).flatten()
        tensor([1., 1., 2., 2.])
    """

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.size = sizes("size", size, 2)
        self.interpolation = one_of("interpolation", str(interpolation).lower(), _INTERPOLATIONS)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Tensor) -> Tensor:
        last = self.data_format == "channels_last"
        if self.interpolation == "nearest" and not inputs.is_floating_point():
            return repeated(inputs, self.size, 1 if last else 2)
        enlarged = self._interpolated(to_first(inputs) if last else inputs)
        return to_last(enlarged) if last else enlarged

    def _interpolated(self, x: Tensor) -> Tensor:
        wanted = tuple(n * factor for n, factor in zip(x.shape[2:], self.size, strict=True))
        if self.interpolation == "nearest":
            return F.interpolate(x, wanted)
        if x.is_floating_point():
            return F.interpolate(x, wanted, mode=self.interpolation, align_corners=False)
        enlarged = F.interpolate(x.float(), wanted, mode=self.interpolation, align_corners=False)
        return enlarged.round().to(x.dtype)


class UpSampling3D(Layer):
    """Enlarge volumes by repeating their layers, rows and columns.

    Args:
        size: The factors for the three axes; one number serves for all.
        data_format: `"channels_last"` or `"channels_first"`; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.

    Output shape:
        The input's, with its three spatial sizes times `size`.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.UpSampling3D()(torch.ones(1, 2, 3, 4, 5)).shape)
        (1, 4, 6, 8, 5)
    """

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2, 2),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.size = sizes("size", size, 3)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Tensor) -> Tensor:
        return repeated(inputs, self.size, 1 if self.data_format == "channels_last" else 2)


def repeated(x: Tensor, factors: Sequence[int], first: int) -> Tensor:
    """Repeat each entry along neighbouring axes, from axis `first` on, in one copy."""
    shape, split, wide = list(x.shape), list(x.shape[:first]), list(x.shape[:first])
    for axis, factor in enumerate(factors, first):
        split += [shape[axis], 1]
        wide += [shape[axis], factor]
        shape[axis] = shape[axis] * factor
    rest = list(x.shape[first + len(factors) :])
    return x.reshape(split + rest).expand(wide + rest).reshape(shape)
