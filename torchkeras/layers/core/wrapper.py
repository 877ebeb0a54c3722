"""`Wrapper`: the frame of layers around another layer."""

from typing import Any

from torch import nn

from torchkeras._base.messages import show
from torchkeras.layers.layer import Layer

from .torch_module_wrapper import as_layer


class Wrapper(Layer):
    """A layer around another one; subclasses say what `call` does with it.

    Args:
        layer: A layer, or a torch module.
        **kwargs: The keyword arguments of `Layer`.

    Raises:
        ValueError: If `layer` is neither.

    Example:
        >>> import torch, torchkeras
        >>> class Twice(torchkeras.layers.Wrapper):
        ...     def call(self, inputs):
        ...         return self.layer(self.layer(inputs))
        >>> tuple(Twice(torchkeras.layers.Dense(3))(torch.ones(2, 3)).shape)
        (2, 3)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, nn.Module):
            raise ValueError(
                "`layer` must be a layer or a torch module. Received: "
                f"layer={show(layer)} (of type {type(layer).__name__})."
            )
        super().__init__(**kwargs)
        self.layer = as_layer(layer)

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True
