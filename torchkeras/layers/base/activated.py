"""Layers that end in an activation."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from torchkeras import activations
from torchkeras.activations.lookup import last_kernel


class Activated(nn.Module):
    """Something with an `activation`, which may be exchanged at any time.

    `_activate` is what runs: torch's own function, or `None` for the linear activation.
    `_rectifies` says whether it is `relu`, which may overwrite its inputs and change places with
    a maximum.
    """

    _activation: Callable[[Any], Any]
    _activate: Callable[[Tensor], Tensor] | None
    _rectifies: bool

    @property
    def activation(self) -> Callable[[Any], Any]:
        """The function applied to the outputs."""
        return self._activation

    @activation.setter
    def activation(self, value: Any) -> None:
        function = activations.get(value)
        linear = function is activations.linear
        object.__setattr__(self, "_activation", function)
        object.__setattr__(self, "_activate", None if linear else last_kernel(function))
        object.__setattr__(self, "_rectifies", function is activations.relu)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())  # type: ignore[no-untyped-call]
        state.pop("_activate", None)  # torch's own functions cannot all be pickled
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self.activation = self._activation
