"""The ReLU of activations, with Keras's slope, top and threshold."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """Return `max(x, 0)`, or with other arguments `min(x, max_value)` above `threshold`.

    Args:
        x: A tensor.
        negative_slope: The slope below the threshold, where the result is
            `negative_slope · (x - threshold)`.
        max_value: The greatest possible result.
        threshold: What `x` must exceed to pass.

    Example:
        >>> import torchkeras
        >>> torchkeras.activations.relu([-2.0, 0.0, 2.0, 9.0], negative_slope=0.5, max_value=6.0)
        tensor([-1.,  0.,  2.,  6.])
    """
    x = tensor(x)
    if max_value is None and threshold == 0:
        return F.leaky_relu(x, negative_slope) if negative_slope else torch.relu(x)
    above = torch.relu(x) if threshold == 0 else torch.where(x > threshold, x, 0)
    if max_value == 6 and threshold == 0:
        above = F.relu6(x)
    elif max_value is not None:
        above = above.clamp(0, max_value)
    return above - negative_slope * torch.relu(threshold - x) if negative_slope else above
