"""Whether a model still is what it was when a step of it was recorded."""

from operator import attrgetter
from typing import Any

from torch import Tensor, nn

from torchkeras._base.settings import epsilon, floatx
from torchkeras._training.steps import Steps
from torchkeras.layers.base.plain import HOOKS, is_heard

_HELD = ("_modules", "_parameters", "_buffers")

# How a weight is trained, its form, and who changes its gradients.
_TRAINING = attrgetter(
    "requires_grad", "dtype", "shape", "_backward_hooks", "_post_accumulate_grad_hooks"
)


class Snapshot:
    """Every attribute of a model's layers and of its loss, their tensors, and how they are trained.

    Callbacks may freeze a layer, exchange a module or listen to it between any two steps. Of models
    only what they consist of counts: runs leave other things there.

    Args:
        model: The model, compiled and settled, to which nobody listens.
        trains: Whether it counts how the weights are trained.
    """

    def __init__(self, model: Steps, trains: bool = True) -> None:
        loss = model._compiled.loss if trains else None
        objects = [*model.modules(), *_with_module(loss and loss.single)]
        held = [vars(thing)[name] for thing in model.modules() for name in _HELD]
        hooks = [vars(thing)[name] for thing in model.modules() for name in HOOKS]
        self._objects, self._classes = objects, list(map(type, objects))
        self._parts = [vars(thing) for thing in objects if not isinstance(thing, Steps)]
        self._parts += [part for part in held if part]
        self._then = self._now()
        self._single = [
            (part, name, value)
            for part in self._parts
            for name, value in part.items()
            if isinstance(value, Tensor) and value.numel() == 1
        ]
        self._empty = [part for part in (*held, *hooks) if not part]
        self._weights = list(model.parameters()) if trains else []
        self._trained = list(map(_TRAINING, self._weights))
        self._settings = (floatx(), epsilon())

    def holds(self) -> bool:
        """Say whether everything is as it was; for ten modules this takes some microseconds."""
        try:
            is_same = self._now() == self._then
        except (RuntimeError, TypeError, ValueError):  # a tensor took the place of another
            return False  # which says that it is equal only if both have one entry
        return (
            is_same
            and not any(self._empty)
            and all(part[name] is value for part, name, value in self._single)
            and list(map(_TRAINING, self._weights)) == self._trained
            and list(map(type, self._objects)) == self._classes
            and (floatx(), epsilon()) == self._settings
            and not is_heard()
        )

    def _now(self) -> list[list[Any]]:
        """Return all attributes; as lists they compare faster than as dictionaries."""
        return list(map(list, map(dict.values, self._parts)))


def listeners(weight: nn.Parameter) -> tuple[Any, Any]:
    """Return who changes the gradients of a weight.

    Args:
        weight: The weight.
    """
    return weight._backward_hooks, weight._post_accumulate_grad_hooks


def _with_module(loss: Any) -> list[Any]:
    """Return a loss, and the module of torch that it may be; nothing if there is no single loss."""
    inner = getattr(loss, "loss", None)
    found = [loss, inner] if isinstance(inner, nn.Module) else [loss]
    return [thing for thing in found if thing is not None]
