"""What activations were in Keras 1 and 2, for models in their files."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op


@op
def hard_sigmoid_of_keras_2(x: Any) -> Tensor:
    """Return `clip(0.2 x + 0.5, 0, 1)`.

    Args:
        x: A tensor.
    """
    return torch.clamp(tensor(x) * 0.2 + 0.5, 0.0, 1.0)
