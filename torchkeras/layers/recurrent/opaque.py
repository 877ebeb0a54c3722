"""The recurrent kernels as operators that compilers do not look into.

Left to itself a compiler unrolls a kernel step by step, or stumbles over oneDNN's; torch therefore
breaks the graph there. As one operator, with one for its gradient, a sequence of any length is one
node. The gradient runs the forward pass again, since a kernel's workspace cannot leave it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from .choice import quickest_run


def _run(kind: str, x: Tensor, states: list[Tensor], weights: list[Tensor]) -> list[Tensor]:
    with torch.autocast(x.device.type, enabled=False):
        return _fresh(quickest_run(kind, x, states, weights))


def _run_fake(kind: str, x: Tensor, states: list[Tensor], weights: list[Tensor]) -> list[Tensor]:
    y = x.new_empty((*x.shape[:2], states[0].shape[-1]))
    return [y, *(state.new_empty(state.shape) for state in states)]


def _differentiate(
    kind: str, x: Tensor, states: list[Tensor], weights: list[Tensor], gradients: list[Tensor]
) -> list[Tensor]:
    with _differentiable(), torch.autocast(x.device.type, enabled=False):
        leaves = [leaf.detach().requires_grad_() for leaf in (x, *states, *weights)]
        first, last = leaves[1 : 1 + len(states)], leaves[1 + len(states) :]
        outputs = quickest_run(kind, leaves[0], first, last)
        return _fresh(torch.autograd.grad(outputs, leaves, gradients))


@contextmanager
def _differentiable() -> Iterator[None]:
    """Let autograd see what runs inside of an operator, which it passes by otherwise."""
    taken = torch._C._dispatch_tls_local_include_set()
    left_out = torch._C._dispatch_tls_local_exclude_set()
    for key in ("AutogradFunctionality", "AutogradOther", "AutogradNestedTensor"):
        left_out = left_out.remove(getattr(torch._C.DispatchKey, key))
    with torch._C._ForceDispatchKeyGuard(taken, left_out), torch.enable_grad():
        yield


def _differentiate_fake(
    kind: str, x: Tensor, states: list[Tensor], weights: list[Tensor], gradients: list[Tensor]
) -> list[Tensor]:
    return [leaf.new_empty(leaf.shape) for leaf in (x, *states, *weights)]


def _fresh(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return copies in the order of memory that the compiler is promised."""
    return [tensor.clone(memory_format=torch.contiguous_format) for tensor in tensors]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    kind, x, states, weights = inputs
    ctx.kind, ctx.count = kind, len(states)
    ctx.save_for_backward(x, *states, *weights)


def _backward(ctx: Any, gradients: list[Tensor]) -> tuple[Any, ...]:
    x, *rest = ctx.saved_tensors
    states, weights = rest[: ctx.count], rest[ctx.count :]
    found = _differentiate_op(ctx.kind, x, states, weights, gradients)
    return None, found[0], found[1 : 1 + ctx.count], found[1 + ctx.count :]


if hasattr(torch.library, "custom_op"):
    opaque_run: Any = torch.library.custom_op("torchkeras::recurrent", _run, mutates_args=())
    opaque_run.register_fake(_run_fake)
    opaque_run.register_autograd(_backward, setup_context=_keep)
    _differentiate_op: Any = torch.library.custom_op(
        "torchkeras::recurrent_backward", _differentiate, mutates_args=()
    )
    _differentiate_op.register_fake(_differentiate_fake)
else:  # torch before 2.4
    opaque_run, _differentiate_op = quickest_run, _differentiate
