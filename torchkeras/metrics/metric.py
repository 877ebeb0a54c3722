"""`Metric`: a number that is gathered batch by batch."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from torchkeras import dtype_policies, initializers, tree
from torchkeras._base.naming import auto_name, name_scope
from torchkeras._base.settings import floatx
from torchkeras._state.places import read, register
from torchkeras._state.stateless import swapped
from torchkeras._state.variable import Variable, as_tensor
from torchkeras._symbolic.probe import probing
from torchkeras.losses.arguments import first_tensor

_Kind = TypeVar("_Kind")


class Metric:
    """A number that is gathered batch by batch, in variables that belong to no model.

    `update_state` takes a batch in, `result` gives the number so far, `reset_state` starts again.
    The variables lie on the device of the data, are changed in place there and keep no graph.

    Args:
        dtype: The dtype of the result, or a dtype policy; `floatx()` if not given.
        name: The name; an automatic one if not given.

    Example:
        >>> import torch, torchkeras
        >>> class Largest(torchkeras.metrics.Metric):
        ...     def __init__(self, **kwargs):
        ...         super().__init__(**kwargs)
        ...         self.largest = self.add_weight(initializer="zeros", name="largest")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.largest.assign(torch.maximum(self.largest.value, y_pred.max()))
        ...     def result(self):
        ...         return self.largest
        >>> Largest()(None, torch.tensor([1.0, 3.0])).item()
        3.0
    """

    _is_metric = True
    _direction: str
    _variables: list[Variable]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "update_state" in cls.__dict__:
            cls.update_state = _beside_the_data(cls.update_state)  # type: ignore[method-assign]
        if "result" in cls.__dict__:
            cls.result = _as_a_copy(cls.result)  # type: ignore[method-assign]

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self._variables = []
        self.name = name or auto_name(type(self).__name__)
        self._dtype_policy = dtype_policies.get(dtype or floatx())
        self._dtype: str = self._dtype_policy.compute_dtype

    @property
    def dtype(self) -> str:
        """The name of the dtype of the result."""
        return self._dtype

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take a batch in; to be written by subclasses.

        Args:
            *args: What the metric needs: for most, `y_true`, `y_pred` and `sample_weight`.
            **kwargs: The same by name.
        """
        raise NotImplementedError(f"`{type(self).__name__}` must define `update_state`.")

    def result(self) -> Any:
        """Return the number so far, as a tensor without axes; to be written by subclasses."""
        raise NotImplementedError(f"`{type(self).__name__}` must define `result(self)`.")

    def reset_state(self) -> None:
        """Set all variables to 0, in place."""
        with torch.no_grad():
            for variable in self.variables:
                held(variable).zero_()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take a batch in and return the number so far."""
        self._check_super_called()
        self.update_state(*args, **kwargs)
        return self.result()

    # Variables

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Make a variable that the metric keeps its state in.

        Args:
            shape: The shape.
            initializer: An initializer, its name or its config.
            dtype: The dtype; `floatx()` if not given.
            aggregation: How distributed training combines it.
            name: The name.
        """
        self._check_super_called()
        first = initializers.get("zeros" if initializer is None else initializer)
        with name_scope(self.name.replace("/", ">")), torch.inference_mode(mode=False):
            variable = Variable(
                first, tuple(shape), dtype, trainable=False, autocast=False,
                aggregation=aggregation, synchronization="on_read", name=name,
            )  # fmt: skip
        if self._variables:
            _move(variable, held(self._variables[0]).device)
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = None,
        dtype: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable that the metric keeps its state in.

        Args:
            shape: The shape.
            initializer: An initializer, its name or its config; zeros if not given.
            dtype: The dtype; `floatx()` if not given.
            name: The name.
        """
        return self.add_variable(shape=shape, initializer=initializer, dtype=dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """The variables of the metric, then those of metrics among its attributes."""
        own = self._own_variables()
        inner = [metric.variables for metric in _found_in(Metric, list(vars(self).values()))]
        return [*own, *(variable for group in inner for variable in group)]

    def _own_variables(self) -> list[Variable]:
        """Return the metric's own variables, then those in lists and dictionaries of its own."""
        self._check_super_called()
        found = _found_in(Variable, [self._variables, *vars(self).values()])
        return list({id(variable): variable for variable in found}.values())

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Variable):
            self._check_super_called()
            if all(value is not known for known in self._variables):
                self._variables.append(value)
        super().__setattr__(name, value)

    def _follow(self, device: torch.device) -> None:
        """Bring the metric's own variables to a device."""
        for variable in self._own_variables():
            _move(variable, device)

    def _check_super_called(self) -> None:
        if "_variables" not in self.__dict__:
            raise RuntimeError(
                f"`{type(self).__name__}.__init__` must call `super().__init__()` before it makes "
                "variables or the metric is used."
            )

    # Without a state of its own

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any
    ) -> list[Tensor]:
        """Return the values that the variables would have after `update_state`.

        Args:
            metric_variables: The values before, one for each of `variables`; they stay as they are.
            *args: What `update_state` takes.
            **kwargs: The same by name.
        """
        return self._with_values(metric_variables, lambda: self.update_state(*args, **kwargs))[0]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """Return what `result` would be.

        Args:
            metric_variables: The values of the variables, one for each of `variables`.
        """
        return self._with_values(metric_variables, self.result)[1]

    def stateless_reset_state(self) -> list[Tensor]:
        """Return the values that the variables would have after `reset_state`."""
        return self._with_values([v.value for v in self.variables], self.reset_state)[0]

    def _with_values(
        self, values: Sequence[Any], run: Callable[[], Any]
    ) -> tuple[list[Tensor], Any]:
        """Run a method on copies of values; return what they became, and the method's result."""
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"`metric_variables` must hold a value for each of {len(variables)} variables of "
                f"{type(self).__name__}. Received: {len(values)} values."
            )
        copies = [_copy(value, held(v)) for value, v in zip(values, variables, strict=True)]
        with swapped(variables, copies):
            result = run()
            return [variable.value for variable in variables], result

    # Config

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes a metric like this, without state."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Metric":
        """Make a metric from what `get_config` returned.

        Args:
            config: The arguments.
        """
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _beside_the_data(update: Callable[..., Any]) -> Callable[..., Any]:
    """Let `update_state` find the variables on the device of its data, and make no graph."""

    @functools.wraps(update)
    def update_state(self: Metric, *args: Any, **kwargs: Any) -> Any:
        if probing():  # a layer that keeps a metric is being tried on tensors without memory
            return None
        self._check_super_called()
        data = _first_data(args, kwargs) if self._variables else None
        if data is not None and data.device != held(self._variables[0]).device:
            self._follow(data.device)
        if not torch.is_grad_enabled():
            return update(self, *args, **kwargs)
        with torch.no_grad():
            return update(self, *args, **kwargs)

    return update_state


def _first_data(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    for value in (*args[1:2], *args):  # `y_pred` comes second
        if isinstance(value, Tensor):
            return value
    return first_tensor(args, kwargs)


def _as_a_copy(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Let `result` return values of its own: the state goes on changing in place."""

    @functools.wraps(compute)
    def result(self: Metric) -> Any:
        found = compute(self)
        if type(found) is Tensor:
            return _own(found, self)
        return tree.map_structure(lambda value: _own(value, self), found)

    return result


def _own(value: Any, metric: Metric) -> Any:
    """Return a result, or a copy of it if it shares memory with a variable of the metric."""
    if isinstance(value, Variable):
        return value.value.clone()
    if isinstance(value, Tensor):
        base = value if value._base is None else value._base
        if any(base is held(variable) for variable in metric._variables):
            return value.clone()
    return value


def held(variable: Variable) -> Tensor:
    """Return the tensor that holds a variable of a metric."""
    return read(*variable.parts[0])


def _copy(value: Any, like: Tensor) -> Tensor:
    return value.detach().clone() if isinstance(value, Tensor) else as_tensor(value, like).clone()


def _move(variable: Variable, device: torch.device) -> None:
    tensor = held(variable)
    if tensor.device != device:
        with torch.inference_mode(mode=False), torch.no_grad():
            module, key = variable.parts[0]
            moved = tensor.detach().to(device, non_blocking=tensor.device.type == "cpu")
            register(module, key, moved, variable.trainable)


def _found_in(kind: type[_Kind], value: Any) -> Iterator[_Kind]:
    """Yield the objects of a kind in nested lists, tuples and dictionaries."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _found_in(kind, item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _found_in(kind, item)
