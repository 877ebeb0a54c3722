"""`Masking`: steps that hold nothing but one value are skipped."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._state.masked import with_mask
from torchkeras.layers.layer import Layer


class Masking(Layer):
    """Mark the steps whose features all equal `mask_value`, and set them to zero.

    Args:
        mask_value: The value of steps that later layers skip.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, steps, ..., features)`.

    Output shape:
        The input's; the mask has it without the last axis, `True` where a step counts.

    Example:
        >>> import torch, torchkeras
        >>> x = torchkeras.layers.Masking()(torch.tensor([[[1.0], [0.0]]]))
        >>> x._keras_mask
        tensor([[ True, False]])
    """

    built = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        counts = inputs != self.mask_value
        mask = counts.any(-1, keepdim=True)
        return with_mask(torch.where(mask, inputs, 0), mask.squeeze(-1))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return (inputs != self.mask_value).any(-1)
