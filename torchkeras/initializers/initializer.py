"""The base class of initializers."""

from collections.abc import Sequence
from typing import Any, Self

from torch import Tensor


class Initializer:
    """A function of a shape and a dtype that makes a weight's first value.

    A subclass defines `__call__`, and `get_config` if its `__init__` takes arguments.

    Example:
        >>> import torch, torchkeras
        >>> class Twos(torchkeras.initializers.Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return torch.full(shape, 2.0)
        >>> torchkeras.layers.Dense(2, bias_initializer=Twos()).bias_initializer((2,))
        tensor([2., 2.])
    """

    _keras_module = "keras"

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        """Return the first value of a weight.

        Args:
            shape: The weight's shape, as Keras has it.
            dtype: The weight's dtype; `floatx()` if not given.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `__call__(shape, dtype)`.")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal initializer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make an initializer from what `get_config` returned.

        Args:
            config: The arguments.
        """
        return cls(**config)

    def clone(self) -> Self:
        """Return an initializer made from this one's config."""
        return type(self).from_config(self.get_config())
