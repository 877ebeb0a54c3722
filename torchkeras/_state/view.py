"""A tensor that shows a parameter in Keras's shape and knows where its gradient is."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor


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


class ParameterView(Tensor):
    """The value of a variable whose shape differs from its parameter's.

    It behaves as an ordinary tensor in every torch function. Its `grad` is the parameter's
    gradient in Keras's shape, and `torch.autograd.grad` takes it in place of the parameter.
    """

    _source: _Source

    @staticmethod
    def of(source: _Source) -> "ParameterView":
        """Return the view of a variable."""
        view = source.to_keras(*source.parameters).as_subclass(ParameterView)
        view._source = source
        return view

    @property
    def grad(self) -> Tensor | None:
        return self._source.gradient

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        self._source.gradient = value

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
        name = getattr(func, "__name__", "")
        if name.endswith("_") and not name.endswith("__") and isinstance(args[0], cls):
            _refuse_lost_write(args[0]._source, name)
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        copied = self.detach().as_subclass(Tensor).clone()
        memo[id(self)] = copied
        return copied


def _refuse_lost_write(source: _Source, name: str) -> None:
    if source.writes_through or name == "requires_grad_":
        return
    raise RuntimeError(
        f"`value.{name}(...)` would change a copy: this variable is stored in another order than "
        "it is shown. Use `variable.assign(...)`, `assign_add` or `assign_sub`."
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
        missing = any(grad is None for grad in grads)
        shown = want._source.to_keras(*grads) if isinstance(want, ParameterView) else None
        found.append(None if missing else shown if shown is not None else grads[0])
    return tuple(found)
