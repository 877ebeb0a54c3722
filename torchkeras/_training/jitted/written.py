"""Steps that users wrote, or parts of them: what is compiled in them, and where nothing is."""

from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import torch

from torchkeras._base.replicas import REPLICAS
from torchkeras._state.logits import Watch
from torchkeras._training.steps import Steps
from torchkeras._training.walk import device_of

from .function import captures
from .own_steps import CompiledCalls

Step = Callable[[Any], Any]

# Who names these may go through a graph twice, or look into it, which no compiled code allows.
_NAMES = frozenset(
    "create_graph forward_ad func functorch hessian hvp jacfwd jacobian jacrev jvp vhp vjp vmap"
    " register_forward_hook register_forward_pre_hook register_full_backward_hook"
    " retain_graph".split()
)
_OURS = ("torchkeras", "torch", "builtins")


def with_compiled_calls(model: Steps, written: Step, watch: Watch, kind: str, name: str) -> Step:
    """Return a step that users wrote, with compiled calls of networks if they are asked for.

    Args:
        model: The model.
        written: The step.
        watch: What watches it for logits.
        kind: `"train"`, `"test"` or `"predict"`.
        name: The method that they wrote.
    """
    if model._compiled.jit.options is None:
        return written
    why = _against(model)
    if why:
        model._compiled.jit.leave(kind, name, why)
        return written
    return CompiledCalls(model, written, watch, kind, name)


def _against(model: Steps) -> str:
    """Return what speaks against compiling calls in a model's own steps, or nothing."""
    if model._compiled.jit.is_auto:
        return 'jit_compile="auto" leaves such steps alone'
    if REPLICAS.active is not None:
        return "several processes share each batch"
    if captures(model._compiled.jit, device_of(model) or torch.device("cpu")):
        return "a CUDA graph holds whole steps only"
    names = sorted(_NAMES.intersection(_names_of(model)))
    return f"its code names {names[0]!r}, which compiled calls do not go with" if names else ""


def _names_of(model: Steps) -> Iterator[str]:
    """Yield the names in the functions of a model that are not the library's."""
    classes = [c for c in type(model).__mro__ if c.__module__.partition(".")[0] not in _OURS]
    for namespace in (vars(model), *map(vars, classes)):
        for member in namespace.values():
            if isinstance(member, FunctionType):
                yield from _names_in(member.__code__)


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
        elif isinstance(constant, tuple):  # the names of arguments
            yield from (part for part in constant if isinstance(part, str))
