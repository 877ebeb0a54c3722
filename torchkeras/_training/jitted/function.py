"""Functions through `torch.compile`, and what is said where that fails."""

import itertools
import warnings
from collections.abc import Callable
from types import FunctionType
from typing import Any

import torch

from torchkeras._training.jit import Jit

from .recompute import options_for

Function = Callable[..., Any]
_COUNT = itertools.count()

# Modes of torch.compile in which CUDA graphs are captured.
_CAPTURING = ("reduce-overhead", "max-autotune")


def compiled_function(
    function: Function, kind: str, jit: Jit, device: torch.device, dynamic: bool
) -> Function:
    """Return a function that is compiled when it is called.

    Args:
        function: The function.
        kind: The step that it belongs to.
        jit: What was asked for.
        device: Where it runs.
        dynamic: Whether one graph serves all shapes.
    """
    options = {"fullgraph": True, "dynamic": dynamic, **jit.arguments}
    if not {"backend", "mode", "options"} & set(options):
        options["options"] = options_for(device) or None
    compiled: Function = torch.compile(_apart(function, kind), **options)
    return compiled


def captures(jit: Jit, device: torch.device) -> bool:
    """Say whether torch captures CUDA graphs of what it compiles."""
    return jit.arguments.get("mode") in _CAPTURING and device.type == "cuda"


def _apart(function: Function, kind: str) -> Function:
    """Return a function with a code object of its own.

    torch counts compilations, and remembers which sizes have changed, by code object and name: all
    models of a process would share theirs.
    """
    assert isinstance(function, FunctionType)
    name = f"{kind}_step_{next(_COUNT)}"
    code = function.__code__.replace(co_name=name)
    return FunctionType(code, function.__globals__, name, None, function.__closure__)


def tell_failure(jit: Jit, kind: str, error: Exception) -> None:
    """Say that a step runs eagerly, since it could not be compiled.

    Args:
        jit: What was asked for.
        kind: The step.
        error: Why.
    """
    reason = f"{type(error).__name__}: {_first_line(error)}"
    jit.found[kind] = f"eager: torch.compile failed ({reason})"
    if not jit.has_warned:
        jit.has_warned = True
        warnings.warn(
            f"jit_compile: the {kind} step could not be compiled and runs eagerly, with the same "
            f"results. {_way_out(error)} Reason: {reason}",
            stacklevel=2,
        )


def _first_line(error: Exception) -> str:
    text = str(error).strip() or repr(error)
    return text.splitlines()[0][:300]


def _way_out(error: Exception) -> str:
    text = f"{type(error).__name__} {error}"
    if any(word in text for word in ("CppCompile", "InvalidCxx", "cpp_builder", "g++", "clang")):
        return (
            "torch.compile needs a working C++ compiler on a CPU: install g++ or clang++ (or name "
            "one in the environment variable CXX), or compile the model with jit_compile=False."
        )
    if "fullgraph" in text or isinstance(error, torch._dynamo.exc.Unsupported):
        return (
            'jit_compile={"fullgraph": False} compiles the pieces between what the compiler '
            "cannot follow; jit_compile=False says that the step is to run eagerly."
        )
    return "jit_compile=False says that it is to run eagerly."
