"""`OptimizerMap`."""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Self

from torchkeras._base.messages import show
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .optimizer import Optimizer
from .wrapping import WrappingOptimizer


class OptimizerMap(MutableMapping[str, Optimizer]):
    """Optimizers by the paths of variables, for `MultiOptimizer`.

    A key is a path, or a regular expression that matches all of a path.

    Args:
        default_optimizer: The optimizer of paths without a key.
        optimizer_map: Optimizers by key.

    Raises:
        TypeError: If `default_optimizer` is no optimizer, or `optimizer_map` no dict.

    Example:
        >>> import torchkeras
        >>> optimizers = torchkeras.optimizers
        >>> chosen = optimizers.OptimizerMap(optimizers.SGD(name="sgd"))
        >>> chosen["encoder/.*"] = optimizers.Adam(name="adam")
        >>> [chosen[path].name for path in ("encoder/dense/kernel", "decoder/dense/kernel")]
        ['adam', 'sgd']
    """

    def __init__(
        self, default_optimizer: Optimizer, optimizer_map: dict[str, Optimizer] | None = None
    ) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(
                f"`default_optimizer` must be an optimizer. Received: {show(default_optimizer)}."
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(
                "`optimizer_map` must be a dict of optimizers by path. "
                f"Received: {show(optimizer_map)}."
            )
        self._default_optimizer = default_optimizer
        self._optimizer_map = optimizer_map or {}

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of paths without a key."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        fitting = [pattern for pattern in self._optimizer_map if re.fullmatch(pattern, key)]
        if len(fitting) > 1:
            raise ValueError(
                f"Multiple optimizers are assigned to variable {key!r}: the keys {fitting} all "
                "match it. Make them narrower, or add the path itself as a key."
            )
        return self._optimizer_map[fitting[0]] if fitting else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if key in self._optimizer_map:
            raise ValueError(
                f"{key!r} is in the OptimizerMap already, with {self._optimizer_map[key].name!r}. "
                "Delete it first, or use another key."
            )
        if not isinstance(key, str):
            raise ValueError(f"`key` must be a string: a path or a pattern. Received: {show(key)}.")
        if not isinstance(optimizer, Optimizer):
            raise ValueError(f"`optimizer` must be an optimizer. Received: {show(optimizer)}.")
        if isinstance(optimizer, WrappingOptimizer):
            raise ValueError(
                f"The optimizer cannot be {type(optimizer).__name__}. For scaled losses, put the "
                "MultiOptimizer into a LossScaleOptimizer."
            )
        self._optimizer_map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizer_map[key]

    def __len__(self) -> int:
        return len(self._optimizer_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizer_map)

    def __call__(self, variable: Any) -> Optimizer:
        """Return the optimizer of a variable.

        Args:
            variable: The variable.
        """
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal map."""
        return {
            "default_optimizer": serialize_keras_object(self._default_optimizer),
            "optimizer_map": serialize_keras_object(self._optimizer_map),
        }

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        """Make a map from what `get_config` returned.

        Args:
            config: The arguments by name.
            custom_objects: Classes and functions by name that the config may use.
        """
        return cls(
            deserialize_keras_object(config["default_optimizer"], custom_objects),
            deserialize_keras_object(config["optimizer_map"], custom_objects),
        )
