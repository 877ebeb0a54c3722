"""`Variable`: Keras's name, path, regularizer and shape over torch's one parameter."""

from collections.abc import Container, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from torchkeras._base.budget import charge
from torchkeras._base.dtypes import NAMES
from torchkeras._base.messages import one_of, show
from torchkeras._base.naming import auto_name, scoped_path

from .acts_as_tensor import ActsAsTensor, host, unwrap
from .arrays import shared
from .first_value import first_value
from .layout import SAME, Layout
from .places import Part, holds, may_learn, read, register, write
from .view import ParameterView

_AUTOCAST: ContextVar[torch.dtype | None] = ContextVar("torchkeras_autocast", default=None)
_AGGREGATIONS = ("none", "mean", "sum", "only_first_replica")


SCOPES: list[Any] = []  # the stateless scopes that are open, innermost last


class _Scopes:
    """How many autocast scopes are open, in any thread; not all compilers know `ContextVar`."""

    open = 0


@contextmanager
def autocast_scope(dtype: torch.dtype | None) -> Iterator[None]:
    """Show float variables in `dtype` inside the scope."""
    token = _AUTOCAST.set(dtype)
    _Scopes.open += 1
    try:
        yield
    finally:
        _Scopes.open -= 1
        _AUTOCAST.reset(token)


def _autocast() -> torch.dtype | None:
    return _AUTOCAST.get() if _Scopes.open else None


class _Cell(nn.Module):
    """The home of a variable that belongs to no layer."""


class Variable(ActsAsTensor):
    """A named value that layers keep, training changes and files store.

    The number lives in ordinary torch parameters or buffers (`parameters`), in torch's layout;
    the variable shows it in Keras's shape. It works in torch functions and operators, and
    gradients are found at `variable.value.grad`.

    Args:
        initializer: The first value (a number, array or tensor), or a function of `shape` and
            `dtype` that returns it.
        shape: The shape, needed with a function.
        dtype: The dtype; `floatx()` if not given with a function, the value's own otherwise.
        trainable: Whether optimizers change it. Untrained variables are buffers of torch.
        autocast: Whether a layer with a mixed dtype policy sees it in its compute dtype.
        aggregation: How distributed training combines it; kept for Keras's signature.
        synchronization: Kept for Keras's signature.
        name: The last part of its path.
        layout: A Keras sharding layout; only `None` is possible on torch.

    Raises:
        ValueError: If `shape` is missing or has unknown sizes.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0, 2.0], name="v")
        >>> v.assign_add([1.0, 1.0]).tolist()
        [2.0, 3.0]
    """

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: None = None,
        **kwargs: Any,
    ) -> None:
        regularizer = kwargs.pop("regularizer", None)
        constraint = kwargs.pop("constraint", None)
        if layout is not None or kwargs:
            unknown = sorted(kwargs) or ["layout"]
            raise TypeError(f"`Variable` does not take {', '.join(unknown)} on torch.")
        cell, first = _Cell(), first_value(unwrap(initializer), shape, dtype)
        register(cell, "value", first, trainable)
        self._describe(
            ((cell, "value"),), SAME, name or auto_name(type(self).__name__), trainable,
            regularizer, constraint,
        )  # fmt: skip
        self.aggregation = one_of("aggregation", aggregation, _AGGREGATIONS)
        self.synchronization = synchronization
        self.autocasts = autocast

    @classmethod
    def over(
        cls,
        parts: tuple[Part, ...],
        layout: Layout,
        name: str,
        *,
        regularizer: Any = None,
        constraint: Any = None,
        path: str | None = None,
    ) -> "Variable":
        """Return the variable that shows existing parameters or buffers of modules.

        Args:
            parts: Pairs of a module and the name of its parameter or buffer.
            layout: How Keras's shape relates to theirs.
            name: The variable's name.
            regularizer: A function of the value, or `None`.
            constraint: A function applied after each optimizer step, or `None`.
            path: The full path, if not that of the current name scope.
        """
        self = cls.__new__(cls)
        for part in parts:
            charge(read(*part).shape, read(*part).itemsize)
        trainable = read(*parts[0]).requires_grad
        self._describe(parts, layout, name, trainable, regularizer, constraint)
        self.path = path or self.path
        return self

    def _describe(
        self,
        parts: tuple[Part, ...],
        layout: Layout,
        name: str,
        trainable: bool,
        regularizer: Any,
        constraint: Any,
    ) -> None:
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"`name` must be a string without '/'. Received: name={name!r}.")
        self._parts, self._layout = parts, layout
        self.name, self.path = name, scoped_path(name)
        self.regularizer, self.constraint = regularizer, constraint
        self._trainable = self.born_trainable = trainable
        self.autocasts, self.aggregation, self.synchronization = True, "none", "auto"
        self.overwrite_with_gradient = False

    # Storage

    @property
    def parts(self) -> tuple[Part, ...]:
        """The modules and names under which torch keeps the value."""
        return self._parts

    @property
    def key(self) -> tuple[tuple[int, str], ...]:
        """What is equal for two variables that show the same parameters."""
        return tuple((id(module), key) for module, key in self._parts)

    @property
    def parameters(self) -> tuple[Tensor, ...]:
        """The torch parameters or buffers that hold the value, in torch's layout."""
        return tuple(read(module, key) for module, key in self._parts)

    def to_keras(self, *parts: Tensor) -> Tensor:
        """Show tensors that lie like the parameters (gradients, moments) in Keras's shape."""
        return self._layout.to_keras(*parts)

    def to_torch(self, value: Tensor) -> tuple[Tensor, ...]:
        """Lay a tensor in Keras's shape out like the parameters."""
        return self._layout.to_torch(value)

    @property
    def writes_through(self) -> bool:
        """Whether writing into `value` in place writes into the parameters."""
        return self._layout.is_view

    def move_to(self, module: nn.Module, key: str) -> None:
        """Make `module` the owner of a variable that belongs to no layer yet."""
        ((cell, old_key),) = self._parts
        register(module, key, read(cell, old_key), self._trainable)
        self._parts = ((module, key),)

    def set_free(self) -> None:
        """Take a variable of one part away from its module, which must forget the tensor."""
        ((module, key),) = self._parts
        cell, value = _Cell(), read(module, key)
        module._parameters.pop(key, None)
        module._buffers.pop(key, None)
        register(cell, "value", value, self._trainable)
        self._parts = ((cell, "value"),)

    def lies_in(self, modules: Container[int]) -> bool:
        """Whether modules with these identities hold the parameters."""
        return all(id(module) in modules for module, _ in self._parts)

    @property
    def is_computed(self) -> bool:
        """Whether torch makes the value of other parameters, as when it prunes or parametrizes."""
        return not all(holds(module, key) for module, key in self._parts)

    def follow(self, gone: nn.Module, new: nn.Module) -> None:
        """Show the parameters of the same names of a module that took another one's place."""
        self._parts = tuple(
            (new, key) if module is gone and holds(new, key) else (module, key)
            for module, key in self._parts
        )

    @property
    def is_free(self) -> bool:
        """Whether the variable belongs to no layer."""
        return isinstance(self._parts[0][0], _Cell)

    # Value

    @property
    def value(self) -> Tensor:
        """The value in Keras's shape: the parameter itself, or a differentiable view of it."""
        if self._layout is SAME:
            value = read(*self._parts[0])
        elif torch.compiler.is_compiling():
            value = self._layout.to_keras(*self.parameters)
        else:
            value = ParameterView.of(self)
        cast = _autocast()
        if cast is not None and self.autocasts and value.is_floating_point():
            return value.to(cast)
        return value

    @property
    def gradient(self) -> Tensor | None:
        """The gradient of the parameters in Keras's shape, or `None`."""
        grads = [part.grad for part in self.parameters if part.grad is not None]
        return self._layout.to_keras(*grads) if len(grads) == len(self._parts) else None

    @gradient.setter
    def gradient(self, value: Tensor | None) -> None:
        grads = [None] * len(self._parts) if value is None else self._layout.to_torch(value)
        for part, grad in zip(self.parameters, grads, strict=True):
            part.grad = grad

    def assign(self, value: Any) -> Tensor:
        """Give the variable a new value of its own shape, and return the value.

        Args:
            value: A number, array, tensor or variable.

        Raises:
            ValueError: If the shapes differ.
        """
        with torch.no_grad():
            if SCOPES:
                SCOPES[-1].protect(self)
            parts = self.parameters
            new = as_tensor(value, parts[0])
            if tuple(new.shape) != self.shape:
                self._refuse_shape(new)
            for (module, key), piece in zip(self._parts, self._layout.to_torch(new), strict=True):
                write(module, key, piece)
        return self.value

    def _refuse_shape(self, new: Tensor) -> None:
        raise ValueError(
            f"`value` must have the shape {self.shape} of variable {self.path!r}. "
            f"Received: value={show(new)}."
        )

    def assign_add(self, value: Any) -> Tensor:
        """Add `value` to the variable, and return the result.

        Args:
            value: A number, array, tensor or variable that broadcasts to the variable's shape.
        """
        return self._accumulate(value, 1)

    def assign_sub(self, value: Any) -> Tensor:
        """Subtract `value` from the variable, and return the result.

        Args:
            value: A number, array, tensor or variable that broadcasts to the variable's shape.
        """
        return self._accumulate(value, -1)

    def _accumulate(self, value: Any, sign: int) -> Tensor:
        with torch.no_grad():
            if SCOPES:
                SCOPES[-1].protect(self)
            parts = self.parameters
            step = as_tensor(value, parts[0])
            if tuple(step.shape) != self.shape:
                step = self._broadcast(step)
            pieces = self._layout.to_torch(step)
            for (module, key), part, piece in zip(self._parts, parts, pieces, strict=True):
                if holds(module, key):
                    part.add_(piece, alpha=sign)
                else:
                    write(module, key, part.add(piece, alpha=sign))
        return self.value

    def _broadcast(self, step: Tensor) -> Tensor:
        try:
            return step.expand(self.shape)
        except RuntimeError as error:
            raise ValueError(
                f"`value` must broadcast to the shape {self.shape} of variable {self.path!r}. "
                f"Received: value={show(step)}."
            ) from error

    def numpy(self) -> "np.ndarray[Any, Any]":
        """Return the value as a NumPy array of its own; bfloat16 comes as float32."""
        return np.array(host(self.value))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, as Keras has it."""
        if self._layout is SAME:
            return tuple(read(*self._parts[0]).shape)
        meta = [torch.empty_like(part, device="meta") for part in self.parameters]
        return tuple(self._layout.to_keras(*meta).shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> str:
        """The name of the dtype; the compute dtype inside a layer with a mixed policy."""
        own = read(*self._parts[0]).dtype
        cast = _autocast()
        return NAMES[cast if cast and self.autocasts and own.is_floating_point else own]

    @property
    def trainable(self) -> bool:
        """Whether optimizers change the variable: the `requires_grad` of torch's parameters."""
        flags = [
            part.requires_grad
            for part in self.parameters
            if isinstance(part, nn.Parameter) and may_learn(part)
        ]
        return any(flags) if flags else self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for module, key in self._parts:
            tensor = read(module, key)
            if value and key in module._buffers:
                del module._buffers[key]
                register(module, key, tensor, True)
            elif tensor.is_leaf and tensor.is_floating_point():
                tensor.requires_grad_(bool(value))

    @property
    def regularizer(self) -> Any:
        """The function of the value that is added to the loss, or `None`."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Any) -> None:
        self._regularizer = _callable("regularizer", value)

    @property
    def constraint(self) -> Any:
        """The function applied to the value after each optimizer step, or `None`."""
        return self._constraint

    @constraint.setter
    def constraint(self, value: Any) -> None:
        self._constraint = _callable("constraint", value)

    @property
    def overwrite_with_gradient(self) -> bool:
        """Whether the gradient is the next value."""
        return self._overwrite_with_gradient

    @overwrite_with_gradient.setter
    def overwrite_with_gradient(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise TypeError(
                f"`overwrite_with_gradient` must be True or False. Received: {value!r}."
            )
        self._overwrite_with_gradient = value

    def __repr__(self) -> str:
        text = f"path={self.path}, shape={self.shape}, dtype={self.dtype}, value={host(self.value)}"
        return f"<Variable {text}>"


def _callable(attribute: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise ValueError(
            f"`{attribute}` must be a function, an object that can be called, or None. "
            f"Received: {value!r}."
        )
    return value


def as_tensor(value: Any, like: Tensor) -> Tensor:
    """Return `value` as a tensor with the dtype and device of `like`."""
    if isinstance(value, Variable):
        value = value.value
    if isinstance(value, Tensor):
        return value.detach().to(like.device, like.dtype)
    return shared(np.asarray(value)).to(like.device, like.dtype)
