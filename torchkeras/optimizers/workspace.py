"""The selections of an optimizer: all of its variables, and those that got a gradient."""

from collections.abc import Callable, Mapping

from torch import Tensor

from torchkeras._state.variable import Variable

from .directory import Directory
from .selection import Selection, select
from .shadow import Shadow


class Workspace:
    """Makes and keeps the lists of tensors that steps run on.

    Args:
        directory: The variables.
        shadows: Their state by name.
        decays: Says whether weight decay touches a variable.
        fit: Whether the state moves to where the parameters are, and is used in large pieces.
    """

    def __init__(
        self,
        directory: Directory,
        shadows: Mapping[str, Shadow],
        decays: Callable[[Variable], bool],
        fit: bool = True,
    ) -> None:
        self._directory, self._shadows, self._decays = directory, shadows, decays
        variables = directory.variables
        self.shapes = [variable.shape for variable in variables]
        flags = [variable.overwrite_with_gradient for variable in variables]
        self.overwritten = [index for index, flag in enumerate(flags) if flag]
        self._spans: dict[int, range] = {}
        params: list[Tensor] = []
        for index, variable in enumerate(variables):
            if not flags[index]:
                parts = variable.parameters
                self._spans[index] = range(len(params), len(params) + len(parts))
                params += parts
        self._state: dict[str, list[Tensor | None]] = {}
        for name, shadow in shadows.items():
            members = self._members(shadow)
            if fit:
                shadow.fit([params[index] for index in members])
            self._state[name] = [None] * len(params)
            for index, tensor in zip(members, shadow.tensors, strict=True):
                self._state[name][index] = tensor
        self.whole = self._select(list(self._spans), whole=fit)
        self._part = self.whole

    def _members(self, shadow: Shadow) -> list[int]:
        """Return which parameters a shadow has state for."""
        positions = self._spans if shadow.positions is None else shadow.positions
        return [index for position in positions for index in self._spans.get(position, ())]

    def part(self, positions: list[int]) -> Selection:
        """Return the selection of some variables; the last one is kept.

        Args:
            positions: Their positions, ascending.
        """
        if positions == self.whole.positions:
            return self.whole
        if positions != self._part.positions:
            self._part = self._select(positions)
        return self._part

    def only(self, position: int) -> Selection:
        """Return the selection of one variable, without weight decay; it is not kept."""
        return self._select([position], decays=lambda variable: False)

    def _select(
        self,
        positions: list[int],
        whole: bool = False,
        decays: Callable[[Variable], bool] | None = None,
    ) -> Selection:
        indices = [index for position in positions for index in self._spans[position]]
        return select(
            positions,
            [self._directory.variables[position] for position in positions],
            {name: [tensors[index] for index in indices] for name, tensors in self._state.items()},
            {name: shadow.pieces for name, shadow in self._shadows.items()} if whole else None,
            decays or self._decays,
        )

    @property
    def replaced(self) -> bool:
        """Whether a variable now has another parameter than the selection."""
        now = [part for variable in self.whole.variables for part in variable.parameters]
        return any(old is not new for old, new in zip(self.whole.params, now, strict=True))
