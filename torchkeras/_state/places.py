"""Where torch keeps a value: a module, and the name of a parameter or buffer of it."""

from torch import Tensor, nn

Part = tuple[nn.Module, str]


def read(module: nn.Module, key: str) -> Tensor:
    """Return a parameter or buffer of a module, parametrized or not."""
    found: Tensor | None = module._parameters.get(key)
    if found is None:
        found = module._buffers.get(key)
    return getattr(module, key) if found is None else found


def write(module: nn.Module, key: str, value: Tensor) -> None:
    """Give a parameter or buffer of a module a new value, parametrized or not."""
    if holds(module, key):
        read(module, key).copy_(value)
    else:
        setattr(module, key, value)  # torch inverts the parametrization


def holds(module: nn.Module, key: str) -> bool:
    """Say whether a module has a parameter or buffer of its own, not one that torch computes."""
    return key in module._parameters or key in module._buffers


def may_learn(tensor: Tensor) -> bool:
    """Say whether a tensor can have a gradient."""
    return tensor.is_floating_point() or tensor.is_complex()


def register(module: nn.Module, key: str, value: Tensor, trainable: bool) -> None:
    """Make `value` a parameter (trainable floats) or a buffer of a module."""
    if trainable and may_learn(value):
        parameter = value if isinstance(value, nn.Parameter) else nn.Parameter(value)
        module._parameters[key] = parameter
    else:
        module._buffers[key] = value.detach()
        module._non_persistent_buffers_set.discard(key)
