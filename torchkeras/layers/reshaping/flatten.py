"""`Flatten`: all axes but the batch become one."""

from typing import Any

from torch import Tensor

from torchkeras._base.settings import standardize_data_format
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer


class Flatten(Layer):
    """Merge all axes but the batch into one, with the channels last.

    Args:
        data_format: `"channels_last"` or `"channels_first"`, in which the channels are moved to the
            end first; `image_data_format()` if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, ...)`.

    Output shape:
        `(batch, features)`; `(batch, 1)` for inputs without further axes.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.Flatten()(torch.ones(2, 3, 4)).shape)
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Tensor) -> Tensor:
        if inputs.dim() < 2:
            return inputs.unsqueeze(-1)
        if self.data_format == "channels_first":
            inputs = inputs.movedim(1, -1)
        return inputs.flatten(1)
