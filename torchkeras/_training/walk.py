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
    if module.training is not False:  # augmentation acts until it is told not to
        return True
    return any(child is not None and is_training(child) for child in module._modules.values())


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
    for store in ("_parameters", "_buffers"):
        for found in modules_in(module):
            for tensor in getattr(found, store).values():
                if tensor is not None:
                    return tensor.device
    return None
