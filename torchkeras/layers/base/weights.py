"""The weights of a layer: making them, listing them, freezing them, getting and setting them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from torchkeras import constraints, initializers, regularizers
from torchkeras._base import device
from torchkeras._base.budget import check_tensors
from torchkeras._base.dtypes import is_float, standardize_dtype, to_torch
from torchkeras._base.messages import show
from torchkeras._base.naming import auto_name, build_scope, path_scope, scope_path
from torchkeras._state import collect
from torchkeras._state.first_value import as_made
from torchkeras._state.layout import SAME
from torchkeras._state.places import register
from torchkeras._state.postponing import postpone
from torchkeras._state.slot import Slot
from torchkeras._state.tracked import TrackedModule, children_of
from torchkeras._state.variable import Variable
from torchkeras.dtype_policies import DTypePolicyMap

_Stock = TypeVar("_Stock", bound=nn.Module)


class WeightOwner(TrackedModule):
    """A module with Keras's view of its weights."""

    name: str
    dtype_policy: Any
    _trainable = True
    _has_bound_slots = False
    _path: str | None = None

    @property
    def own_policy(self) -> Any:
        """The dtype policy of this layer alone: of a map, what it has for the layer's path."""
        policy = self.dtype_policy
        mapped = isinstance(policy, DTypePolicyMap) and self._path is not None
        return policy[self._path] if mapped else policy

    @property
    def variable_dtype(self) -> str:
        """The dtype of the variables."""
        return str(self.own_policy.variable_dtype)

    # Making weights

    def variable_slots(self) -> Mapping[str, Slot]:
        """Return the layer's table: for each variable, in Keras's order, where torch keeps it."""
        return {}

    def stock(self, module_class: Callable[..., _Stock], *args: Any, **kwargs: Any) -> _Stock:
        """Make a stock torch module, with memory for its parameters but without first values.

        Args:
            module_class: A class such as `nn.Linear`.
            *args: Its arguments.
            **kwargs: Its keyword arguments, but device and dtype, which are the layer's.

        Raises:
            ValueError: If the layer is built already: its weights would be lost.
        """
        if self._has_bound_slots:
            raise ValueError(
                f"Layer {self.name!r} is built already and cannot be built again: make a new one."
            )
        dtype = to_torch(self.variable_dtype)
        made = module_class(*args, **kwargs, device="meta", dtype=dtype)
        check_tensors((*made.parameters(), *made.buffers()))
        return made.to_empty(device=device.creation())

    def bind_slots(self) -> None:
        """Make the variables of the table, once, and give them their first values."""
        if not self._may_bind_slots():
            return
        object.__setattr__(self, "_has_bound_slots", True)
        for name, slot in self.variable_slots().items():
            self.bind_slot(name, slot)

    def _may_bind_slots(self) -> bool:
        """Say whether the table is yet to be made; a `build` of a user's may do without it."""
        slots = self.variable_slots().values()
        return not self._has_bound_slots and all(slot.is_made(self) for slot in slots)

    def bind_slot(self, name: str, slot: Slot) -> None:
        """Make the variable of one line of the table.

        Args:
            name: The variable's name.
            slot: Where it lies.
        """
        parts = slot.parts(self)
        if parts is None:
            object.__setattr__(self, name, None)
            return
        role = slot.role or name
        variable = Variable.over(
            parts,
            slot.layout,
            name,
            regularizer=getattr(self, f"{role}_regularizer", None),
            constraint=getattr(self, f"{role}_constraint", None),
        )
        fill = partial(self._give_first_value, f"{role}_initializer", variable)
        if not postpone(variable, fill):
            fill()
        self._variables.append(variable)
        object.__setattr__(self, name, variable)

    def _give_first_value(self, attribute: str, variable: Variable) -> None:
        variable.assign(self._first_value(attribute, variable))

    def _first_value(self, attribute: str, variable: Variable) -> Any:
        initializer = initializers.get(getattr(self, attribute))
        return initializer(variable.shape, dtype=self.variable_dtype)

    def add_weight(
        self,
        *args: Any,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of this layer: a torch parameter if trainable, else a buffer.

        Args:
            *args: `shape`, `initializer` and `dtype` by position, or, as older code has it, `name`
                first.
            shape: The shape; `()` if not given.
            initializer: A name, object or function; Glorot uniform for floats if not given, else
                zeros.
            dtype: The dtype; the layer's `variable_dtype` if not given.
            trainable: Whether optimizers change it.
            autocast: Whether a mixed dtype policy shows it in the compute dtype.
            regularizer: A name, object or function whose value is added to the loss.
            constraint: A name, object or function applied after each optimizer step.
            aggregation: How distributed training combines it.
            overwrite_with_gradient: Whether its gradient is its next value (float8 scales).
            name: The variable's name.
        """
        name, shape, initializer, dtype = _by_position(args, name, shape, initializer, dtype)
        dtype = standardize_dtype(dtype or self.variable_dtype)
        if initializer is None:
            initializer = "glorot_uniform" if is_float(dtype) else "zeros"
        sizes = _known_shape(shape, name, self)
        made = initializers.get(initializer)(sizes, dtype=dtype)
        with self.naming_scope():
            variable = self._new_variable(made, sizes, dtype, trainable, name)
        if variable.born_trainable and not self._trainable:
            variable.trainable = False
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.aggregation, variable.autocasts = aggregation, autocast
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._variables.append(variable)
        return variable

    def naming_scope(self) -> AbstractContextManager[Any]:
        """Return the scope in which variables get their paths: that of `build`, also afterwards."""
        late = self._path is not None and not scope_path()
        return path_scope(str(self._path)) if late else build_scope(self.name)

    def _new_variable(
        self, made: Any, sizes: tuple[int, ...], dtype: str, trainable: bool, name: str | None
    ) -> Variable:
        key = self._free_key(name or "variable")
        register(self, key, as_made(made, sizes, to_torch(dtype)), trainable)
        return Variable.over(((self, key),), SAME, name or auto_name("variable"))

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of this layer, as `add_weight` does."""
        return self.add_weight(
            shape=shape,
            initializer=initializer,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            regularizer=regularizer,
            constraint=constraint,
            name=name,
        )

    # Listing weights

    @property
    def weights(self) -> list[Variable]:
        """The variables of the layer and of all below it; seeds and metrics are left out."""
        return [v for v in collect.weights(self) if not _is_seed(v)]

    @property
    def variables(self) -> list[Variable]:
        """The variables of the layer and of all below it, seeds included."""
        return collect.weights(self)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that optimizers change."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that optimizers leave alone."""
        return [v for v in self.weights if not (self.trainable and v.trainable)]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that optimizers change."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that optimizers leave alone."""
        return [v for v in self.variables if not (self.trainable and v.trainable)]

    @property
    def torch_params(self) -> dict[str, torch.Tensor]:
        """The parameters and buffers behind `variables`, by variable path."""
        return {
            f"{v.path}.{i}" if i else v.path: part
            for v in self.variables
            for i, part in enumerate(v.parameters)
        }

    def count_params(self) -> int:
        """Return the number of scalars in the weights.

        Raises:
            ValueError: If the layer is not built.
        """
        if not getattr(self, "built", True):
            raise ValueError(
                f"The weights of layer {self.name!r} are not made yet, so they cannot be counted. "
                "Call the layer on data or `build(input_shape)` first."
            )
        return sum(int(np.prod(v.shape)) for v in self.weights)

    # Freezing

    @property
    def trainable(self) -> bool:
        """Whether optimizers change the weights; frozen weights have `requires_grad=False`."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        object.__setattr__(self, "_trainable", bool(value))
        self._apply_trainable()
        for child in children_of(self):
            _set_trainable(child, bool(value))

    def _apply_trainable(self) -> None:
        for variable in self.own_variables():
            if variable.born_trainable:
                variable.trainable = self._trainable

    # Getting and setting

    def get_weights(self) -> list["np.ndarray[Any, Any]"]:
        """Return the values of `weights` as NumPy arrays in Keras's shapes."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Give the weights new values.

        Args:
            weights: Arrays in the order and shapes of `get_weights()`.

        Raises:
            ValueError: If the number of arrays or a shape differs; no weight is changed then.
        """
        variables = self.weights
        if len(variables) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on layer {self.name!r} with a weight list of "
                f"length {len(weights)}, but the layer was expecting {len(variables)} weights."
            )
        values = [_as_numbers(v, given, self) for v, given in zip(variables, weights, strict=True)]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def saved_variables(self) -> list[Any]:
        """Return the layer's own variables in the order in which files keep them."""
        return sorted(self.own_variables(), key=lambda variable: not variable.born_trainable)

    def save_own_variables(self, store: Any) -> None:
        """Write the layer's own variables into a mapping, under "0", "1" and so on.

        Args:
            store: A mapping of names to arrays.
        """
        self.prepare_saving()
        for index, variable in enumerate(self.saved_variables()):
            store[f"{index}"] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read the layer's own variables from a mapping that `save_own_variables` filled.

        Args:
            store: A mapping of names to arrays.

        Raises:
            ValueError: If the number of arrays or a shape differs.
        """
        own = self.saved_variables()
        if len(store) != len(own):
            built = "" if getattr(self, "built", True) else " The layer is not built yet."
            raise ValueError(
                f"Layer {self.name!r} expected {len(own)} variables, but received {len(store)}: "
                f"{sorted(store)}.{built}"
            )
        for index, variable in enumerate(own):
            variable.assign(store[f"{index}"])
        self.finish_loading()

    def prepare_saving(self) -> None:
        """Do what must be done before the layer's variables are written into a file."""

    def finish_loading(self) -> None:
        """Do what is left to do once the layer's variables were read from a file."""


def _as_numbers(variable: Variable, given: Any, layer: WeightOwner) -> Any:
    """Return a new value that is sure to fit a variable."""
    value = given if isinstance(given, (torch.Tensor, Variable)) else np.asarray(given)
    if tuple(value.shape) != variable.shape:
        raise ValueError(
            f"Layer {layer.name!r} weight {variable.path!r} of shape {variable.shape} is "
            f"not compatible with the provided weight {show(given)}."
        )
    if isinstance(value, np.ndarray) and value.dtype.kind in "OUSMm":
        raise ValueError(
            f"Layer {layer.name!r} weight {variable.path!r} takes numbers. "
            f"Received: {show(value)} of dtype {value.dtype}."
        )
    return value


def _set_trainable(module: nn.Module, value: bool) -> None:
    if isinstance(module, WeightOwner):
        module.trainable = value
        return
    for parameter in module.parameters(recurse=False):
        parameter.requires_grad_(value)
    for child in children_of(module):
        _set_trainable(child, value)


def _is_seed(variable: Variable) -> bool:
    return variable.name == "seed_generator_state"


def _by_position(
    args: tuple[Any, ...], name: str | None, shape: Any, initializer: Any, dtype: Any
) -> tuple[str | None, Any, Any, Any]:
    remaining = list(args)
    if remaining and isinstance(remaining[0], str):
        if name is not None:
            raise ValueError(
                "`name` was passed twice, by position and by name. Received: "
                f"{remaining[0]!r} and {name!r}."
            )
        name = remaining.pop(0)
    named = {"shape": shape, "initializer": initializer, "dtype": dtype}
    if len(remaining) > len(named):
        raise TypeError(
            "`add_weight` takes `shape`, `initializer` and `dtype` by position (or `name` before "
            f"them). Received: args={args!r}."
        )
    for argument, value in zip(named, remaining, strict=False):
        if named[argument] is not None:
            raise ValueError(
                f"`{argument}` was passed twice, by position and by name. Received: {value!r} and "
                f"{named[argument]!r}."
            )
        named[argument] = value
    return name, named["shape"], named["initializer"], named["dtype"]


def _known_shape(shape: Any, name: str | None, layer: WeightOwner) -> tuple[int, ...]:
    sizes = (shape,) if isinstance(shape, int) else () if shape is None else tuple(shape)
    if any(size is None for size in sizes):
        raise ValueError(
            f"`shape` of weight {name!r} in layer {layer.name!r} must be fully known. "
            f"Received: shape={sizes}. Give `Input` a shape in which that size is known."
        )
    if not all(isinstance(size, (int, np.integer)) and size >= 0 for size in sizes):
        raise ValueError(
            f"`shape` of weight {name!r} in layer {layer.name!r} must consist of integers that are "
            f"0 or more. Received: shape={shape!r}."
        )
    return tuple(int(size) for size in sizes)


def known_size(shape: Any, axis: int, layer: WeightOwner) -> int:
    """Return one size of an input shape, which a layer needs to make its weights.

    Raises:
        ValueError: If that size is not known.
    """
    size = shape[axis]
    if size is None:
        raise ValueError(
            f"Layer {layer.name!r} needs to know the size of axis {axis} of its inputs to make its "
            f"weights. Received: input_shape={tuple(shape)}. Give `Input` a shape with that size."
        )
    return int(size)
