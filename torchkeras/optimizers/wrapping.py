"""`WrappingOptimizer`: an optimizer that leaves the weights to others."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor

from torchkeras._state.variable import Variable

from .directory import Directory
from .optimizer import Optimizer


class WrappingOptimizer(Optimizer):
    """The base of optimizers with a state of their own inside of which others change the weights.

    Args:
        name: The optimizer's name.
        inner: The optimizers inside.
        loss_scale_factor: What `scale_loss` multiplies by.
    """

    def __init__(
        self, name: str | None, inner: list[Optimizer], loss_scale_factor: float | None = None
    ) -> None:
        super().__init__(0.0, name=name, loss_scale_factor=loss_scale_factor)
        self._inner_optimizers = inner

    def _known(self, variables: Iterable[Any]) -> list[Variable]:
        """Note the variables, and return them; one that shows another's parameters stays in."""
        given = list(variables) if isinstance(variables, Iterable) else variables
        self._directory = Directory(given)
        return [self._directory.variable(thing) for thing in given]

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's own variables, then those of the optimizers inside."""
        return self._variables + [v for inner in self._inner_optimizers for v in inner.variables]

    def _write_more(self, store: MutableMapping[str, Any], prefix: str) -> None:
        for number, inner in enumerate(self._inner_optimizers):
            inner._write_more(store, f"{prefix}inner{number}_")

    def _read_more(self, store: Mapping[str, Any], prefix: str) -> None:
        for number, inner in enumerate(self._inner_optimizers):
            inner._read_more(store, f"{prefix}inner{number}_")

    def zero_grad(self) -> None:
        for inner in self._inner_optimizers:
            inner.zero_grad()

    def rebind(self) -> None:
        super().rebind()
        for inner in self._inner_optimizers:
            inner.rebind()

    def exclude_from_weight_decay(
        self, var_list: Iterable[Any] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        given = None if var_list is None else list(var_list)
        names = var_names if var_names is None or isinstance(var_names, str) else list(var_names)
        for inner in self._inner_optimizers:
            inner.exclude_from_weight_decay(given, names)

    def _found_gradients(self) -> tuple[list[Tensor], list[Tensor]]:
        built = [inner._found_gradients() for inner in self._inner_optimizers if inner.built]
        return [g for found, _ in built for g in found], [g for _, found in built for g in found]

    @contextmanager
    def _detached(self) -> Iterator[None]:
        with ExitStack() as scopes:
            for inner in self._inner_optimizers:
                if inner.built:
                    scopes.enter_context(inner._detached())
            scopes.callback(self._invalidate)
            yield
