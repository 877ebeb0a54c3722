"""Computing inner values again in the backward pass, in place of keeping them."""

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from torchkeras._base.messages import one_of

from .probe import probing
from .spec import has_spec

_MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class _Stack:
    """The scopes that are open, innermost last."""

    scopes: "list[RematScope]" = []  # noqa: RUF012 - it belongs to the process


class RematScope:
    """Let layers that are made inside compute their inner values again in the backward pass.

    That takes time and saves memory. It is what a layer does wherever it is called later on.

    Args:
        mode: Which layers: all (`"full"`), those with an activation (`"activations"`), those
            whose outputs have more values than a threshold (`"larger_than"`), those of some names
            (`"list_of_layers"`), or none (`None`).
        output_size_threshold: The number of values of all outputs, for `"larger_than"`.
        layer_names: The names, for `"list_of_layers"`.

    Differs from Keras:
        `"activations"` computes the whole layer again, not its activation alone.

    Example:
        >>> import torchkeras
        >>> with torchkeras.RematScope("list_of_layers", layer_names=["large"]):
        ...     layer = torchkeras.layers.Dense(3, name="large")
        >>> layer(torchkeras.ops.ones((2, 4))).shape
        torch.Size([2, 3])
    """

    def __init__(
        self,
        mode: str | None = "full",
        output_size_threshold: int = 1024,
        layer_names: list[str] | None = None,
    ) -> None:
        self.mode = one_of("mode", mode, _MODES)
        self.output_size_threshold = output_size_threshold
        self.layer_names = layer_names or []

    def __enter__(self) -> Self:
        _Stack.scopes.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _Stack.scopes.pop()


def enter_scope(layer: nn.Module, name: str) -> None:
    """Let a layer that is being made do as the innermost scope says.

    Args:
        layer: The layer.
        name: Its name.
    """
    scope = _Stack.scopes[-1] if _Stack.scopes else None
    if scope is None or scope.mode is None:
        return
    if scope.mode != "list_of_layers" or name in scope.layer_names:
        object.__setattr__(layer, "forward", _Again(layer, scope))


class _Again:
    """The `forward` of one layer that computes its inner values again."""

    def __init__(self, layer: nn.Module, scope: RematScope) -> None:
        self.layer, self.scope = layer, scope
        self._sizes: dict[Any, int] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        plain = functools.partial(type(self.layer).forward, self.layer)
        is_built = getattr(self.layer, "built", True)
        if not is_built or not _is_worth_it(args, kwargs) or not self._is_meant(args, kwargs):
            return plain(*args, **kwargs)
        return _recomputed(plain, self.layer, args, kwargs)

    def _is_meant(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        if self.scope.mode == "activations":
            return getattr(self.layer, "activation", None) is not None
        if self.scope.mode != "larger_than":
            return True
        shapes = tuple(tuple(x.shape) for x in args if isinstance(x, Tensor))
        if shapes not in self._sizes:
            with torch.no_grad():
                found = type(self.layer).forward(self.layer, *args, **kwargs)
            outputs = found if isinstance(found, (list, tuple)) else [found]
            self._sizes[shapes] = sum(x.numel() for x in outputs if isinstance(x, Tensor))
        return self._sizes[shapes] > self.scope.output_size_threshold


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function or layer that computes its inner values again in the backward pass.

    That takes time and saves memory. Random numbers are the same both times.

    Args:
        f: A function of tensors, a layer or a method of one.

    Example:
        >>> import torchkeras
        >>> cube = torchkeras.remat(lambda x: x * x * x)
        >>> x = torchkeras.ops.ones(2).requires_grad_()
        >>> cube(x).sum().backward()
        >>> x.grad.tolist()
        [3.0, 3.0]
    """
    owner = f if isinstance(f, nn.Module) else getattr(f, "__self__", None)
    module = owner if isinstance(owner, nn.Module) else None

    @functools.wraps(f, updated=())
    def again(*args: Any, **kwargs: Any) -> Any:
        if not _is_worth_it(args, kwargs) or not getattr(module, "built", True):
            return f(*args, **kwargs)
        return _recomputed(f, module, args, kwargs)

    return again


def _is_worth_it(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return torch.is_grad_enabled() and not has_spec(args, kwargs) and not probing()


def _recomputed(
    function: Callable[..., Any],
    module: nn.Module | None,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    if torch.compiler.is_compiling() or module is None:
        return checkpoint(function, *args, use_reentrant=False, **kwargs)
    before = [(buffer, buffer.clone()) for buffer in module.buffers()]

    def contexts() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
        return nullcontext(), _as_before(before)

    return checkpoint(function, *args, use_reentrant=False, context_fn=contexts, **kwargs)


@contextmanager
def _as_before(before: list[tuple[Tensor, Tensor]]) -> Iterator[None]:
    """Let seeds and statistics be inside what they were before, and go on as they are after."""
    after = [(buffer, buffer.clone()) for buffer, _ in before]
    _put(before)
    try:
        yield
    finally:
        _put(after)


def _put(values: list[tuple[Tensor, Tensor]]) -> None:
    with torch.no_grad():
        for buffer, value in values:
            # Statistics that a backward pass has kept count as unchanged, as in torch's kernels;
            # seeds are followed by their version.
            (buffer.data if buffer.is_floating_point() else buffer).copy_(value)
