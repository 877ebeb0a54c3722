"""`ActivityRegularization`: a penalty on what passes through."""

from typing import Any

from torch import Tensor

from torchkeras import regularizers
from torchkeras.layers.layer import Layer


class ActivityRegularization(Layer):
    """Pass the inputs on, and add `l1 · Σ|x| + l2 · Σx²`, divided by the batch, to the loss.

    Args:
        l1: The factor of the magnitudes.
        l2: The factor of the squares.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: If a factor is negative or not finite.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.ActivityRegularization(l2=0.5)
        >>> y = layer(torch.tensor([[2.0], [2.0]]))
        >>> layer.losses
        [tensor(2.)]
    """

    built = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        config = super().get_config()
        config.pop("activity_regularizer", None)  # made from the factors
        return config
