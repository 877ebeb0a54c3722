"""`Softmax`: numbers to shares of one."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras import activations
from torchkeras._base.messages import show
from torchkeras.activations.lookup import kernel
from torchkeras.layers.layer import Layer

_softmax = kernel(activations.softmax)


class Softmax(Layer):
    """A softmax: `exp(inputs) / Σ exp(inputs)`.

    Args:
        axis: The axis, or axes, over which the output sums to one.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: If a call's `mask`, `True` where an entry counts, does not broadcast to the
            inputs; entries that do not count come out as zero.

    Example:
        >>> import torch, torchkeras
        >>> mask = torch.tensor([True, True, False])
        >>> torchkeras.layers.Softmax()(torch.ones(3), mask=mask).tolist()
        [0.5, 0.5, 0.0]
    """

    built = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return _softmax(inputs, self.axis)
        _check_broadcast(mask, inputs)
        counts = mask if mask.dtype == torch.bool else mask > 0.5
        lowest = -3e4 if inputs.dtype == torch.float16 else -1e9
        shares = _softmax(torch.where(counts, inputs, lowest), self.axis)
        return torch.where(counts, shares, 0.0)


def _check_broadcast(mask: Tensor, inputs: Tensor) -> None:
    pairs = zip(reversed(mask.shape), reversed(inputs.shape), strict=False)
    if mask.dim() > inputs.dim() or any(m not in (1, n) for m, n in pairs):
        raise ValueError(
            f"`mask` must broadcast to the inputs. Received: mask={show(mask)}, "
            f"inputs={show(inputs)}. Add axes of size 1, as in `mask[..., None]`."
        )
