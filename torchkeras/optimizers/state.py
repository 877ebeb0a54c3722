"""What an optimizer remembers: its counter, its learning rate and its variables."""

import operator
import warnings
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from torchkeras import initializers
from torchkeras._base import device, settings
from torchkeras._base.messages import show
from torchkeras._base.naming import auto_name, name_scope
from torchkeras._state.variable import Variable

from .directory import Directory
from .scalar import Scalar
from .schedules import LearningRateSchedule
from .shadow import Shadow

LearningRate = float | LearningRateSchedule | Callable[[], Any]


class OptimizerState:
    """The variables of an optimizer, by Keras's names and in Keras's order."""

    def __init__(self, learning_rate: LearningRate, name: str | None) -> None:
        self._variables: list[Variable] = []
        self._directory = Directory()
        self._shadows_by_name: dict[str, Shadow] = {}
        self.name = auto_name(type(self).__name__) if name is None else name
        self.built = False
        self._iterations = self._scalar(0, "int32", "iteration")
        if isinstance(learning_rate, float):
            self._learning_rate: Any = self._scalar(
                learning_rate, settings.floatx(), "learning_rate"
            )
        elif callable(learning_rate):
            self._learning_rate = learning_rate
        else:
            raise ValueError(
                "`learning_rate` must be a float, a `LearningRateSchedule` or a function without "
                f"arguments that returns a float. Received: learning_rate={show(learning_rate)} "
                f"(of type {type(learning_rate).__name__})."
            )

    def _scalar(self, number: float, dtype: str, name: str) -> Scalar:
        with name_scope(self.name):
            return Scalar(number, dtype, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if "_variables" not in self.__dict__ and name != "_variables":
            raise RuntimeError(
                f"{type(self).__name__} sets `{name}` before the optimizer is initialised. Make "
                "`super().__init__(...)` the first statement of its `__init__`."
            )
        super().__setattr__(name, value)
        items = value if isinstance(value, (list, tuple)) else (value,)
        found = [item for item in items if isinstance(item, Variable)]
        if found and value is not self._variables:
            known = {id(variable) for variable in self._variables}
            self._variables.extend(item for item in found if id(item) not in known)

    @property
    def _trainable_variables(self) -> list[Variable]:
        return self._directory.variables

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's own variables: counter, learning rate, then those of `build`."""
        return self._variables[:]

    # Counter and learning rate

    @property
    def learning_rate(self) -> Any:
        """The learning rate now: a variable, or what the schedule or function returns."""
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self._iterations)
        return self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        old = self._learning_rate
        if callable(learning_rate):
            self._learning_rate = learning_rate
            self._variables[:] = [kept for kept in self._variables if kept is not old]
        elif isinstance(old, Variable):
            old.assign(learning_rate)
        else:
            raise TypeError(
                "The learning rate of this optimizer is a schedule or function, so a number cannot "
                "take its place. Make the optimizer with a float, or assign another schedule. "
                f"Received: learning_rate={show(learning_rate)}."
            )

    def _rate(self) -> float:
        """Return the learning rate as a number in the precision of a variable."""
        if type(self._learning_rate) is Scalar:
            return self._learning_rate.number
        return float(np.float32(float(self.learning_rate)))

    # Variables

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: None = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the optimizer.

        Args:
            shape: Its shape.
            initializer: The first value: an initializer or its name.
            dtype: Its dtype; `floatx()` if not given.
            aggregation: How distributed training combines it; kept for Keras's signature.
            layout: A Keras sharding layout; only `None` is possible on torch.
            name: Its name.
        """
        first = initializers.get(initializer)
        trained = self._trainable_variables
        where = trained[0].parameters[0].device if trained else device.creation()
        with name_scope(self.name), device.device(where):
            variable = Variable(
                first, shape, dtype, trainable=False, aggregation=aggregation, layout=layout,
                name=name,
            )  # fmt: skip
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Any, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Make a variable of the optimizer with the shape, dtype and layout of another.

        Args:
            reference_variable: A variable of the model, or a torch parameter.
            name: What is added to the reference's path to make the name; `"var"` if not given.
            initializer: The first value: an initializer or its name.
        """
        reference = self._directory.variable(reference_variable)
        shadow = Shadow(reference.parameters)
        return self._shadow_of(reference, shadow, range(len(reference.parts)), name, initializer)

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Any], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Make variables like those of the model, one for each and for each name.

        Args:
            trainable_variables: The variables of the model.
            name: What is added to each path to make the names; a string or a list of them.
            initializer: The first value of all, or a list with one for each name.

        Returns:
            A list of variables, or a tuple of lists if there are several names; `None` stands for
            a variable that is overwritten with its gradient.
        """
        names = [name] if isinstance(name, str) else list(name)
        single = not isinstance(initializer, (list, tuple))
        firsts = [initializer] * len(names) if single else list(initializer)
        if len(names) != len(firsts):
            raise ValueError(
                "`name` and `initializer` must hold equally many items. Received: "
                f"name={name}, initializer={initializer}."
            )
        references = [self._directory.variable(variable) for variable in trainable_variables]
        made = self._shadow_variables(references, names, firsts)
        return made[0] if isinstance(name, str) else tuple(made)

    def _shadow_variables(
        self,
        references: list[Variable],
        names: list[str],
        firsts: list[Any],
        skip_overwritten: bool = True,
    ) -> list[list[Any]]:
        """Make variables for each reference and name, interleaved as Keras counts them."""
        kept = [reference for reference in references if not reference.overwrite_with_gradient]
        parts = [part for reference in kept for part in reference.parameters]
        shadows = [Shadow(parts) for _ in names]
        made: list[list[Any]] = [[] for _ in names]
        stop = 0
        for reference in references:
            span = range(stop, stop + len(reference.parts))
            for column, shadow, name, first in zip(made, shadows, names, firsts, strict=True):
                if not reference.overwrite_with_gradient:
                    stop = span.stop
                    column.append(self._shadow_of(reference, shadow, span, name, first))
                elif skip_overwritten:
                    column.append(None)
                else:
                    column.append(self.add_variable_from_reference(reference, name, first))
        trained = self._trainable_variables
        if len(references) == len(trained) and all(map(operator.is_, references, trained)):
            self._shadows_by_name.update(zip(names, shadows, strict=True))
        return made

    def _shadow_some(
        self, positions: list[int], names: list[str], columns: list[list[Any]], prefix: str
    ) -> None:
        """Make variables for those of some positions, and write them into `columns` there.

        In kernels, their state has the names with the prefix.
        """
        chosen = [self._trainable_variables[position] for position in positions]
        parts = [part for variable in chosen for part in variable.parameters]
        for name, column in zip(names, columns, strict=True):
            shadow, start = Shadow(parts, positions), 0
            self._shadows_by_name[f"{prefix}{name}"] = shadow
            for position, variable in zip(positions, chosen, strict=True):
                span = range(start, start + len(variable.parts))
                column[position] = self._shadow_of(variable, shadow, span, name, "zeros")
                start = span.stop

    def _shadow_of(
        self, reference: Variable, shadow: Shadow, span: range, name: str | None, first: Any
    ) -> Variable:
        """Return the variable that shows some tensors of a shadow in a reference's shape."""
        full_name = f"{reference.path.replace('/', '_')}_{name or 'var'}"
        parts = tuple((shadow, str(index)) for index in span)
        with name_scope(self.name):
            variable = Variable.over(parts, reference._layout, full_name)
        if not (first is None or first == "zeros"):
            variable.assign(initializers.get(first)(variable.shape, dtype=variable.dtype))
        self._variables.append(variable)
        return variable

    def assign(self, variable: Any, value: Any) -> None:
        """Give a variable a new value.

        Args:
            variable: A variable of the model or the optimizer.
            value: The value.
        """
        self._directory.variable(variable).assign(value)

    def assign_add(self, variable: Any, value: Any) -> None:
        """Add to a variable.

        Args:
            variable: A variable of the model or the optimizer.
            value: What is added.
        """
        self._directory.variable(variable).assign_add(value)

    def assign_sub(self, variable: Any, value: Any) -> None:
        """Subtract from a variable.

        Args:
            variable: A variable of the model or the optimizer.
            value: What is subtracted.
        """
        self._directory.variable(variable).assign_sub(value)

    # Saving

    def set_weights(self, weights: Iterable[Any]) -> None:
        """Give the optimizer's variables new values.

        Args:
            weights: One value for each of `variables`, in their order.

        Raises:
            ValueError: If the optimizer is not built, or numbers or shapes differ.
        """
        if not self.built:
            raise ValueError(
                "You are calling `set_weights()` on an optimizer that is not built, so it has no "
                "variables yet. Call `optimizer.build(trainable_variables)` first."
            )
        values = list(weights)
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"`weights` must hold one value for each of the {len(variables)} variables "
                f"of the optimizer. Received: {len(values)} values."
            )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Write the variables into a mapping, under `"0"`, `"1"` and so on.

        Args:
            store: The mapping.
        """
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable.numpy()
        self._write_more(store, "")

    def _write_more(self, store: MutableMapping[str, Any], prefix: str) -> None:
        """Write what is no variable, under names that begin with a prefix and are no numbers."""

    def _read_more(self, store: Mapping[str, Any], prefix: str) -> None:
        """Read what `_write_more` wrote."""

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read the variables from a mapping; with a warning, nothing, if the numbers differ.

        Args:
            store: What `save_own_variables` wrote.
        """
        variables = self.variables
        count = sum(key.isdigit() for key in store)
        if count != len(variables):
            hint = "" if self.built else " It is not built: call `optimizer.build(...)` first."
            warnings.warn(
                f"The state of the optimizer {self.name!r} was not loaded: it has "
                f"{len(variables)} variables, and the file {count}.{hint}",
                stacklevel=2,
            )
            return
        fill = getattr(store, "fill", None)  # of a file, which reads into the memory of a variable
        for index, variable in enumerate(variables):
            if fill is None:
                variable.assign(store[str(index)])
            else:
                fill(str(index), variable)
        self._read_more(store, "")
