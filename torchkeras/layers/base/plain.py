"""Whether a torch module is what it was made as, so that its work may be done in another way."""

import torch
from torch import Tensor, nn
from torch.nn.modules import module as _shared

HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
)
_HOOKS_OF_ALL = tuple(getattr(_shared, "_global" + name) for name in HOOKS)


def is_plain(module: nn.Module, kind: type[nn.Module]) -> bool:
    """Whether a module is exactly of a kind, and nobody listens to it or has replaced its work.

    Quantization, adapters and parametrizations put another class into a module's place.

    Args:
        module: The module.
        kind: Its class.
    """
    if type(module) is not kind or is_heard():
        return False
    held = module.__dict__
    return "forward" not in held and not any(held[name] for name in HOOKS)


def is_heard() -> bool:
    """Whether somebody listens to all modules there are."""
    return any(_HOOKS_OF_ALL)


def is_traced() -> bool:
    """Whether a compiler or tracer takes down what runs, and nothing must be noted for later."""
    return torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None


def may_overwrite(outputs: Tensor, module: nn.Module, kind: type[nn.Module]) -> bool:
    """Whether nobody but the caller needs the outputs of a convolution or matrix product.

    Args:
        outputs: What the module has returned.
        module: The module.
        kind: The class of modules of which it is known that they do not keep their outputs.
    """
    return (
        type(outputs) is Tensor
        and is_plain(module, kind)
        and not torch.compiler.is_compiling()
        and not outputs._is_view()
    )
