"""Quick looks at a tree of modules, for what is asked before every call."""

from collections.abc import Iterator

import torch
from torch import nn


def modules_in(module: nn.Module) -> Iterator[nn.Module]:
    """Yield a module and those below it, parents first; a shared one may come twice."""
    waiting: list[nn.Module] = [module]
    while waiting:
        current = waiting.pop()
        yield current
        children = [child for child in current._modules.values() if child is not None]
        waiting.extend(reversed(children))


def is_training(module: nn.Module) -> bool:
    """Say whether any module is in training mode."""
    found = [module]
    for current in found:  # which grows meanwhile
        if current.training is not False:  # augmentation acts until it is told not to
            return True
        found += [child for child in current._modules.values() if child is not None]
    return False


def set_training(module: nn.Module, training: bool) -> None:
    """Put everything into training or inference mode, as `train` and `eval` do but faster."""
    found = list(modules_in(module))
    if all(type(m).train is nn.Module.train and "training" in m.__dict__ for m in found):
        for each in found:
            each.__dict__["training"] = training
    else:  # frozen or scripted modules decide for themselves
        module.train(training)


def device_of(module: nn.Module) -> torch.device | None:
    """Return the device of the first parameter, or of the first buffer, or `None`."""
    waiting, first_buffer = [module], None
    while waiting:
        current = waiting.pop()
        for parameter in current._parameters.values():
            if parameter is not None:
                return parameter.device
        for buffer in current._buffers.values():
            first_buffer = buffer if first_buffer is None else first_buffer
        children = reversed(current._modules.values())
        waiting += [child for child in children if child is not None]
    return None if first_buffer is None else first_buffer.device
