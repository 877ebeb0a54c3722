"""`MultiOptimizer`."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from torchkeras._base.messages import show
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._state.variable import Variable

from .optimizer import Optimizer
from .optimizer_map import OptimizerMap
from .wrapping import WrappingOptimizer


class MultiOptimizer(WrappingOptimizer):
    """Several optimizers for the variables of one model.

    It has no learning rate of its own: those of `optimizers` are read and set.

    Args:
        optimizer_map: An `OptimizerMap`, or a function of a variable that returns its optimizer.
        loss_scale_factor: That of all optimizers inside, whatever they had.
        name: The optimizer's name.

    Raises:
        TypeError: When it is built, if `optimizer_map` cannot be called.

    Example:
        >>> import torchkeras
        >>> optimizers = torchkeras.optimizers
        >>> slow, fast = optimizers.SGD(0.1), optimizers.SGD(1.0)
        >>> both = optimizers.MultiOptimizer(lambda v: fast if v.name == "b" else slow)
        >>> a, b = torchkeras.Variable(1.0, name="a"), torchkeras.Variable(1.0, name="b")
        >>> both.apply([1.0, 1.0], [a, b])
        >>> round(float(a), 3), round(float(b), 3)
        (0.9, 0.0)
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Any], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name, [], loss_scale_factor)
        self._optimizer_map = optimizer_map
        if isinstance(optimizer_map, OptimizerMap):
            for inner in [*optimizer_map.values(), optimizer_map.default_optimizer]:
                self._number_of(inner)

    def _number_of(self, inner: Optimizer) -> int:
        """Return the position of an optimizer among those inside, after adding it if it is new."""
        for number, known in enumerate(self._inner_optimizers):
            if known is inner:
                return number
        inner.loss_scale_factor = self.loss_scale_factor
        self._inner_optimizers.append(inner)
        return len(self._inner_optimizers) - 1

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        given = self._known(var_list)
        self._numbers = [self._number_of(self._chosen(v)) for v in self._trainable_variables]
        for number, variables in self._sorted(given):
            self._inner_optimizers[number].build(variables)
        self.built = True

    def _chosen(self, variable: Variable) -> Optimizer:
        if not callable(self._optimizer_map):
            raise TypeError(
                "`optimizer_map` must be an OptimizerMap or a function of a variable that returns "
                f"its optimizer. Received: {show(self._optimizer_map)}."
            )
        inner = self._optimizer_map(variable)
        if not isinstance(inner, Optimizer):
            raise ValueError(
                f"`optimizer_map` must return an optimizer for variable {variable.path!r}. "
                f"Received: {show(inner)}."
            )
        if isinstance(inner, WrappingOptimizer):
            raise ValueError(
                f"{type(inner).__name__} cannot be used inside an MultiOptimizer, as it is for "
                f"variable {variable.path!r}."
            )
        return inner

    def _sorted(self, variables: Sequence[Any], *columns: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return, for each optimizer that has some, its number and lists of variables and more."""
        found: dict[int, tuple[Any, ...]] = {}
        for variable, *items in zip(variables, *columns, strict=True):
            number = self._numbers[self._directory.position(variable)]
            lists = found.setdefault(number, tuple([] for _ in range(1 + len(columns))))
            for each, item in zip(lists, [variable, *items], strict=True):
                each.append(item)
        return [(number, *lists) for number, lists in sorted(found.items())]

    def step(self) -> None:
        for inner in self._inner_optimizers:
            if inner.built:
                inner.step()
        if self._trainable_variables:
            self._iterations.advance()

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[Any] | None = None) -> None:
        grads = list(grads)
        if not grads:
            return
        targets = self._targets(grads, trainable_variables)
        if len(set(map(self._directory.position, targets))) != len(self._trainable_variables):
            raise ValueError(
                "`grads` must hold one gradient (or None) for each of the "
                f"{len(self._trainable_variables)} variables that the optimizer was built with. "
                f"Received: {len(grads)} gradients."
            )
        for number, variables, own in self._sorted(targets, grads):
            self._inner_optimizers[number].apply(own, variables)
        self._iterations.advance()

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        for number, variables in self._sorted(var_list):
            self._inner_optimizers[number].finalize_variable_values(variables)

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers inside."""
        return self._inner_optimizers

    @property
    def _saved_inside(self) -> dict[str, Any]:
        """What a file keeps besides the variables, which hold it too."""
        return {"optimizers": self._inner_optimizers}

    @property
    def learning_rate(self) -> Any:
        """Refuses: each of `optimizers` has its own."""
        raise AttributeError(
            "A MultiOptimizer has no learning rate to be read. Read those of its `optimizers`."
        )

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        raise AttributeError(
            "A MultiOptimizer has no learning rate to be set. Set those of its `optimizers`."
        )

    @property
    def loss_scale_factor(self) -> float | None:
        """What `scale_loss` multiplies by, and each optimizer inside divides by."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        self._loss_scale_factor = value
        for inner in self.__dict__.get("_inner_optimizers", ()):
            inner.loss_scale_factor = value

    def get_config(self) -> dict[str, Any]:
        return {
            "optimizer_map": serialize_keras_object(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """Make an optimizer from what `get_config` returned.

        Args:
            config: The arguments by name.
            custom_objects: Classes and functions by name that the config may use.
        """
        chosen = deserialize_keras_object(config["optimizer_map"], custom_objects)
        return cls(**{**config, "optimizer_map": chosen})
