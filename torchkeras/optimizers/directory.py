"""Which of an optimizer's variables a variable, its value or a torch parameter stands for."""

from collections.abc import Hashable, Iterable
from typing import Any

from torch import Tensor, nn

from torchkeras._base.messages import show
from torchkeras._state.layout import SAME
from torchkeras._state.variable import Variable
from torchkeras._state.view import ParameterView


class _Holder(nn.Module):
    """The home of a torch parameter that came without its module."""


class Directory:
    """The variables that an optimizer was built with, each parameter once.

    Args:
        given: Variables, their values or torch parameters.
    """

    def __init__(self, given: Iterable[Any] = ()) -> None:
        self.variables: list[Variable] = []
        self._aliases: list[tuple[Variable, int]] = []
        self._positions: dict[Hashable, int] | None = None
        if not isinstance(given, Iterable):
            raise TypeError(
                "`variables` must be a list of variables or torch parameters. Received: "
                f"{type(given).__name__}. Of a model, pass `model.trainable_variables`; of a torch "
                "module, `module.parameters()`."
            )
        seen: dict[tuple[int, ...], int] = {}
        for thing in given:
            variable = as_variable(thing, len(self.variables))
            tensors = tuple(id(tensor) for tensor in variable.parameters)
            if tensors in seen:  # tied weights
                self._aliases.append((variable, seen[tensors]))
            else:
                seen[tensors] = len(self.variables)
                self.variables.append(variable)

    def position(self, given: Any) -> int:
        """Return the position of a variable.

        Args:
            given: A variable, its value or a torch parameter.

        Raises:
            ValueError: If the optimizer was not built with it.
        """
        found = self._find(given)
        if found is None:
            shown = given if isinstance(given, Variable) else show(given)
            raise ValueError(
                f"Unknown variable: {shown}. An optimizer only updates the variables that it was "
                "built with. Make a new optimizer for other variables."
            )
        return found

    def _find(self, given: Any) -> int | None:
        if self._positions is None:
            self._positions = self._table()
        thing = given._source if isinstance(given, ParameterView) else given
        return self._positions.get(thing.key if isinstance(thing, Variable) else id(thing))

    def __contains__(self, given: Any) -> bool:
        return self._find(given) is not None

    def _table(self) -> dict[Hashable, int]:
        entries = [*self._aliases, *((v, index) for index, v in enumerate(self.variables))]
        table: dict[Hashable, int] = {}
        for variable, index in entries:
            table[variable.key] = index
            if len(variable.parts) == 1:
                table[id(variable.parameters[0])] = index
        return table

    def forget(self) -> None:
        """Look parameters up again: they were replaced by others."""
        self._positions = None

    def variable(self, given: Any) -> Variable:
        """Return the variable that anything like one stands for, known or new."""
        if isinstance(given, Tensor) and not isinstance(given, ParameterView):
            position = self._find(given)
            if position is not None:
                return self.variables[position]
        return as_variable(given, len(self.variables))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_positions": None}  # copies have other identities


def as_variable(given: Any, number: int) -> Variable:
    """Return a variable as it is, and the variable of a view or of a torch parameter.

    Args:
        given: A variable, its value or a torch parameter.
        number: What a torch parameter, which has no name, is called by.
    """
    if isinstance(given, Variable):
        return given
    if isinstance(given, ParameterView):
        return given._source  # type: ignore[return-value]
    if not isinstance(given, Tensor):
        raise TypeError(
            "Optimizers take lists of variables or of torch parameters. "
            f"Received: {show(given)} (of type {type(given).__name__})."
        )
    holder, name = _Holder(), f"parameter_{number}"
    if isinstance(given, nn.Parameter):
        holder._parameters[name] = given
    else:
        holder._buffers[name] = given
    return Variable.over(((holder, name),), SAME, name, path=name)
