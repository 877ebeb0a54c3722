"""Functions with a gradient of their own."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base.messages import show
from torchkeras._state.convert import tensor
from torchkeras._state.variable import Variable
from torchkeras._symbolic.op import op


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that has the value and the gradient that `f` gives.

    Args:
        f: Takes tensors, or nested structures of them, and returns a pair `(output, grad)`. `grad`
            is called with the tensors and `upstream=`, the gradient of the output (a tuple for
            several outputs), and returns the gradient of each tensor; a `grad` without an argument
            `upstream` is called with the gradients of the outputs alone.

    Raises:
        TypeError: If `f` returns no such pair.

    Example:
        >>> import torch
        >>> from torchkeras import ops
        >>> @ops.custom_gradient
        ... def halved(x):
        ...     return x * 1.0, lambda *args, upstream: upstream / 2
        >>> x = torch.ones(2, requires_grad=True)
        >>> halved(x).sum().backward()
        >>> x.grad
        tensor([0.5000, 0.5000])
    """

    @op
    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        given, kept = tree.map_structure(_as_tensor, (args, kwargs)), [None, None]
        leaves = tree.flatten(given)
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]

        def forward(*tensors: Tensor) -> tuple[Tensor, ...]:
            filled = list(leaves)
            for place, value in zip(places, tensors, strict=True):
                filled[place] = value
            new_args, new_kwargs = tree.pack_sequence_as(given, filled)
            kept[:] = _pair(f, f(*new_args, **new_kwargs))
            return tuple(tensor(leaf) for leaf in tree.flatten(kept[0]))

        outputs = _WithGradient.apply(forward, kept, *(leaves[place] for place in places))
        return tree.pack_sequence_as(kept[0], list(outputs))

    return call


class _WithGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, function: Any, kept: list[Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        outputs: tuple[Tensor, ...] = function(*tensors)
        ctx.save_for_backward(*tensors)
        ctx.grad = kept[1]
        return outputs

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Any, ...]:
        tensors = ctx.saved_tensors
        if _takes_upstream(ctx.grad):
            grads = ctx.grad(*tensors, upstream=upstream[0] if len(upstream) == 1 else upstream)
        else:
            grads = ctx.grad(*upstream)
        flat = tuple(grads) if isinstance(grads, (list, tuple)) else (grads,)
        if len(flat) != len(tensors):
            raise ValueError(
                f"The `grad` of a custom gradient must return {len(tensors)} gradients, one for "
                f"each tensor. Received: {len(flat)}."
            )
        return None, None, *flat


def _takes_upstream(grad: Callable[..., Any]) -> bool:
    """Say whether a gradient is called as `grad(*tensors, upstream=...)`."""
    parameters = list(inspect.signature(grad).parameters.values())
    named = any(
        p.kind is p.VAR_KEYWORD
        or (p.name == "upstream" and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
        for p in parameters
    )
    return named and len(parameters) > 1


def _as_tensor(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, Variable) else leaf


def _pair(f: Callable[..., Any], result: Any) -> tuple[Any, Any]:
    if isinstance(result, tuple) and len(result) == 2 and callable(result[1]):
        return result
    raise TypeError(
        f"`f` must return a pair `(output, grad)` of which `grad` is a function. Received: "
        f"f={f!r}, which returned {show(result)}."
    )
