"""`Identity`: a layer that does nothing."""

from typing import Any

from torchkeras.layers.layer import Layer


class Identity(Layer):
    """A layer that returns its inputs.

    Args:
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any, nested too.

    Output shape:
        The input's.

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.Identity()(torch.ones(2))
        tensor([1., 1.])
    """

    built = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs
