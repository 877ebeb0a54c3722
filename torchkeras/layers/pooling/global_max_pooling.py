"""`GlobalMaxPooling1D`, `2D` and `3D`: the largest entry of all."""

from torch import Tensor

from .global_pooling import GlobalPooling


class _GlobalMaxPooling(GlobalPooling):
    """The largest entry; several that are equal share its gradient."""

    def call(self, inputs: Tensor) -> Tensor:
        return inputs.amax(self._dims, self.keepdims)


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """Reduce the steps of sequences to their maximum.

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
        >>> torchkeras.layers.GlobalMaxPooling1D()(torch.tensor([[[1.0], [3.0]]]))
        tensor([[3.]])
    """

    rank = 1


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """Reduce the entries of images to their maximum.

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
        >>> torchkeras.layers.GlobalMaxPooling2D()(torch.arange(4.0).reshape(1, 2, 2, 1))
        tensor([[3.]])
    """

    rank = 2


class GlobalMaxPooling3D(_GlobalMaxPooling):
    """Reduce the entries of volumes to their maximum.

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
        >>> torchkeras.layers.GlobalMaxPooling3D()(torch.arange(8.0).reshape(1, 2, 2, 2, 1))
        tensor([[7.]])
    """

    rank = 3
