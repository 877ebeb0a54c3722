"""The base class of constraints."""

from typing import Any, Self


class Constraint:
    """A function of a weight that returns what it becomes after each step of an optimizer.

    A subclass defines `__call__`, and `get_config` if its `__init__` takes arguments.

    Example:
        >>> import torchkeras
        >>> class Clipped(torchkeras.constraints.Constraint):
        ...     def __call__(self, w):
        ...         return w.clamp(-1, 1)
        >>> layer = torchkeras.layers.Dense(2, kernel_constraint=Clipped())
    """

    def __call__(self, w: Any) -> Any:
        """Return the weight's new value.

        Args:
            w: The weight, in Keras's shape.
        """
        return w

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal constraint."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a constraint from what `get_config` returned.

        Args:
            config: The arguments.
        """
        return cls(**config)
