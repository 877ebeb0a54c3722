"""A tensor that shows a parameter in Keras's shape and knows where its gradient is."""

import re
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

_IN_PLACE = re.compile(r".*[^_]_|__setitem__")


class _Source(Protocol):
    """What a view needs of its variable."""

    @property
    def parameters(self) -> tuple[Tensor, ...]: ...

    @property
    def gradient(self) -> Tensor | None: ...

    @gradient.setter
    def gradient(self, value: Tensor | None) -> None: ...

    @property
    def writes_through(self) -> bool: ...

    def to_keras(self, *parts: Tensor) -> Tensor: ...

    def assign(self, value: Any) -> Tensor: ...


class Shown(Tensor):
    """A tensor in Keras's shape; where it is a copy, writing into it is refused."""

    _cure: str | None = None

    @staticmethod
    def guarded(copied: Tensor, cure: str) -> "Shown":
        """Return a copy that refuses writes, naming `cure` as what to use in their place."""
        shown = copied.as_subclass(Shown)
        shown._cure = cure
        return shown

    @classmethod
    def __torch_function__(
        cls,
        func: Any,
        types: Any,
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.autograd.grad:
            return _grad(*args, **kwargs)
        _refuse_lost_write(getattr(func, "__name__", ""), args, kwargs.get("out"))
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        memo[id(self)] = copied = _plain(self).clone().requires_grad_(self.requires_grad)
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        plain = _plain(self).requires_grad_(self.requires_grad)
        return plain.__reduce_ex__(protocol)  # type: ignore[no-untyped-call]


class ParameterView(Shown):
    """The value of a variable whose shape differs from its parameter's.

    It behaves as an ordinary tensor in every torch function. Its `grad` is the parameter's
    gradient in Keras's shape, and `torch.autograd.grad` takes it in place of the parameter.
    """

    _source: _Source

    @staticmethod
    def of(source: _Source) -> Tensor:
        """Return the view of a variable; in a trial without memory, just its shape."""
        value = source.to_keras(*source.parameters)
        if isinstance(value, FakeTensor):
            return value
        view = value.as_subclass(ParameterView)
        view._source = source
        if not source.writes_through:
            view._cure = "variable.assign(...)`, `assign_add` or `assign_sub"
        return view

    @property
    def grad(self) -> Tensor | None:
        gradient = self._source.gradient
        if gradient is None or self._source.writes_through:
            return gradient
        return Shown.guarded(gradient, "variable.value.grad = ...")

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        self._source.gradient = value

    @property
    def data(self) -> Tensor:
        return _plain(self) if self._cure is None else Shown.guarded(_plain(self), self._cure)

    @data.setter
    def data(self, value: Tensor) -> None:
        self._source.assign(value)


def _plain(shown: Tensor) -> Tensor:
    with torch._C.DisableTorchFunctionSubclass():
        return shown.detach().as_subclass(Tensor)


def _refuse_lost_write(name: str, args: Sequence[Any], out: Any) -> None:
    written = [out] if out is not None else []
    if _IN_PLACE.fullmatch(name) and name != "requires_grad_" and args:
        written += args[0] if isinstance(args[0], (list, tuple)) else [args[0]]
    for tensor in written:
        if isinstance(tensor, Shown) and tensor._cure is not None:
            raise RuntimeError(
                f"`{name}` would change a copy: this variable is stored in another order than it "
                f"is shown. Use `{tensor._cure}`."
            )


def _grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> tuple[Tensor | None, ...]:
    """Differentiate with respect to the parameters behind views, in the views' shapes."""
    single = isinstance(inputs, Tensor)
    wanted = [inputs] if single else list(inputs)
    parts = [w._source.parameters if isinstance(w, ParameterView) else (w,) for w in wanted]
    with torch._C.DisableTorchFunctionSubclass():
        flat = torch.autograd.grad(outputs, [p for group in parts for p in group], *args, **kwargs)
    remaining = iter(flat)
    found = []
    for want, group in zip(wanted, parts, strict=True):
        grads = [next(remaining) for _ in group]
        if isinstance(want, ParameterView) and not any(grad is None for grad in grads):
            found.append(want._source.to_keras(*grads))
        else:
            found.append(grads[0])
    return tuple(found)
