"""`Rescaling`: numbers to another range."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.settings import image_data_format
from torchkeras.layers.layer import Layer


class Rescaling(Layer):
    """Scale and shift: `inputs * scale + offset`, in the layer's compute dtype.

    Args:
        scale: A number, or numbers for the last axis (with `image_data_format()` "channels_first",
            for the channel axis).
        offset: A number, or numbers that broadcast likewise.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Rescaling(1 / 255)(torch.tensor([0, 255], dtype=torch.uint8))
        tensor([0., 1.])
    """

    _scale_tensor: Tensor | None
    _offset_tensor: Tensor | None
    _numbers: bool

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True
        # Not saved with the weights: they are in the config.
        self.register_buffer("_scale_tensor", _as_tensor("scale", scale), persistent=False)
        self.register_buffer("_offset_tensor", _as_tensor("offset", offset), persistent=False)

        object.__setattr__(self, "_numbers", self._scale_tensor is self._offset_tensor is None)

    def call(self, inputs: Tensor) -> Tensor:
        x = inputs.to(self.torch_dtype)
        if self._numbers:
            return x * self.scale + self.offset if self.offset else x * self.scale
        scale, offset = self._scale_tensor, self._offset_tensor
        if scale is not None and scale.dim() and image_data_format() == "channels_first":
            scale = scale.reshape(*scale.shape, *(1,) * (3 - scale.dim()))
        factor = self.scale if scale is None else scale.to(x.dtype)
        return x * factor + (self.offset if offset is None else offset.to(x.dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs.

        Args:
            input_shape: The shape of the inputs.
        """
        return input_shape


def _as_tensor(argument: str, value: Any) -> Tensor | None:
    """Return a tensor for anything but a plain number."""
    if isinstance(value, (int, float)):
        return None
    try:
        return torch.as_tensor(value, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"`{argument}` must be a number or numbers. Received: {argument}={value!r}."
        ) from error
