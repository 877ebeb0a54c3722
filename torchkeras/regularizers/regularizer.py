"""The base class of regularizers."""

import math
from numbers import Real
from typing import Any, Self


class Regularizer:
    """A function of a weight or an output that gives a penalty, which is added to the loss.

    A subclass defines `__call__` and `get_config`. Any function of a tensor that returns a number
    will do as well.

    Example:
        >>> import torchkeras
        >>> class Spread(torchkeras.regularizers.Regularizer):
        ...     def __call__(self, x):
        ...         return x.var()
        >>> layer = torchkeras.layers.Dense(2, kernel_regularizer=Spread())
    """

    _keras_module = "keras"

    def __call__(self, x: Any) -> Any:
        """Return the penalty.

        Args:
            x: A weight, or a layer's output.
        """
        return 0.0

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a regularizer from what `get_config` returned.

        Args:
            config: The arguments.
        """
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal regularizer."""
        raise NotImplementedError(
            f"{type(self).__name__} must define `get_config()` so that it can be saved; it returns "
            "the arguments of `__init__`."
        )


def not_negative(argument: str, value: Any) -> float:
    """Return a number as a float if it is finite and not negative."""
    if isinstance(value, Real) and 0 <= float(value) < math.inf:
        return float(value)
    raise ValueError(
        f"`{argument}` must be finite and not negative. Received: {argument}={value!r}."
    )
