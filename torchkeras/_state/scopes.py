"""Scopes in which variables have other values, or in which there are only symbols."""

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from torch import Tensor

from torchkeras._base.messages import show

from .stateless import store_of
from .variable import SCOPES, Variable, as_tensor


class StatelessScope:
    """Let variables have other values inside the scope, and come out of it as they were.

    Whatever is assigned inside, to any variable, is kept by the scope alone.

    Args:
        state_mapping: Pairs of a variable and its value inside.
        collect_losses: Whether the scope keeps what layers add to the loss, in `losses`.
        initialize_variables: Kept for Keras's signature: variables have their values at once.

    Raises:
        ValueError: If a pair has no variable, or a value of another shape.

    Differs from Keras:
        A torch module that writes into a buffer by itself is noticed only if the buffer's variable
        is in the mapping.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable(1.0)
        >>> with torchkeras.StatelessScope([(v, 5.0)]) as scope:
        ...     inside = v.assign_add(1.0).item()
        >>> inside, scope.get_current_value(v).item(), v.numpy().item()
        (6.0, 6.0, 1.0)
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses, self.initialize_variables = collect_losses, initialize_variables
        self.losses: list[Any] = []
        self._given = [_checked(variable, value) for variable, value in state_mapping or ()]
        self._held: dict[Any, Variable] = {}
        self._last: dict[Any, Tensor] = {v.key: value for v, value in self._given}
        self._replaced: list[tuple[dict[str, Any], str, Tensor | None]] = []

    def __enter__(self) -> Self:
        for variable, value in self._given:
            self._replace(variable, value)
        SCOPES.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        SCOPES.remove(self)
        self._last = {key: self._value(variable) for key, variable in self._held.items()}
        for store, key, before in reversed(self._replaced):
            store[key] = before
        self._replaced.clear()
        self._held.clear()

    def protect(self, variable: Variable) -> None:
        """Let a variable that is about to be changed have a value of its own inside.

        Args:
            variable: The variable.
        """
        if variable.key not in self._held:
            self._replace(variable, self._value(variable).detach())

    def _replace(self, variable: Variable, value: Tensor) -> None:
        # Values with a gradient to come keep their graph; all are safe from writes in place.
        pieces = variable.to_torch(value.clone())
        for (module, key), piece in zip(variable.parts, pieces, strict=True):
            store = store_of(module, key)
            self._replaced.append((store, key, store[key]))
            store[key] = piece
        self._held[variable.key] = variable

    def _value(self, variable: Variable) -> Tensor:
        return variable.to_keras(*variable.parameters)

    def add_loss(self, loss: Any) -> None:
        """Keep a loss.

        Args:
            loss: A scalar.
        """
        self.losses.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Give a variable another value inside.

        Args:
            update: The variable and the value.
        """
        variable, value = update
        self.protect(variable)
        variable.assign(value)

    def get_current_value(self, variable: Variable) -> Tensor | None:
        """Return the value of a variable inside, or at the end; `None` if it has none of its own.

        Args:
            variable: The variable.
        """
        if variable.key in self._held:
            return self._value(variable)
        return self._last.get(variable.key)


def _checked(variable: Any, value: Any) -> tuple[Variable, Tensor]:
    if not isinstance(variable, Variable):
        raise ValueError(
            "`state_mapping` must hold pairs of a variable and a value. "
            f"Received: {show(variable)} in place of a variable."
        )
    like = variable.parameters[0]
    value = value.value if isinstance(value, Variable) else value
    value = (
        value.to(like.device, like.dtype) if isinstance(value, Tensor) else as_tensor(value, like)
    )
    if tuple(value.shape) != variable.shape:
        raise ValueError(
            f"`state_mapping` must give variable {variable.path!r} a value of its shape "
            f"{variable.shape}. Received: {show(value)}."
        )
    return variable, value


class SymbolicScope:
    """Mark a stage in which there are only symbols.

    Nothing depends on it here: what is a symbol is known by its type.

    Example:
        >>> import torchkeras
        >>> with torchkeras.SymbolicScope():
        ...     y = torchkeras.layers.Dense(2)(torchkeras.Input((3,)))
        >>> y.shape
        (None, 2)
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the stage."""
