"""Whether a model still is what it was when a step of it was recorded."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from torchkeras._base.settings import epsilon, floatx
from torchkeras.layers.base.plain import is_heard

from .steps import Steps

_CHANGING = ("_modules", "_parameters", "_buffers")


class Snapshot:
    """Every attribute of a model's layers and of its loss, its tensors, and how they are trained.

    Callbacks may freeze a layer, exchange a module or listen to it between any two steps. Of models
    only what they consist of counts: runs leave other things there.

    Args:
        model: The model, compiled and settled.
    """

    def __init__(self, model: Steps) -> None:
        loss = model._compiled.loss
        objects = [*model.modules(), *(() if loss is None else _with_module(loss.single))]
        self._objects, self._classes = objects, [thing.__class__ for thing in objects]
        self._now = [part for thing in objects for part in _parts(thing)]
        self._then = [part.copy() for part in self._now]
        self._tensors = [
            (part, name, value)
            for part in self._now
            for name, value in part.items()
            if isinstance(value, Tensor)
        ]
        self._weights = list(model.parameters())
        self._trained, self._settings = self._training(), (floatx(), epsilon())

    def holds(self) -> bool:
        """Say whether everything is as it was; for ten modules this takes some microseconds."""
        try:
            is_same = self._now == self._then
        except (RuntimeError, TypeError, ValueError):  # a tensor took the place of another
            return False
        return (
            is_same
            and all(part[name] is tensor for part, name, tensor in self._tensors)
            and self._training() == self._trained
            and (floatx(), epsilon()) == self._settings
            and [thing.__class__ for thing in self._objects] == self._classes
            and not is_heard()
        )

    def _training(self) -> list[Any]:
        return [
            (weight.requires_grad, weight.dtype, weight.shape, *listeners(weight))
            for weight in self._weights
        ]


def listeners(weight: nn.Parameter) -> tuple[Any, Any]:
    """Return who changes the gradients of a weight.

    Args:
        weight: The weight.
    """
    return weight._backward_hooks, weight._post_accumulate_grad_hooks


def _with_module(loss: Any) -> list[Any]:
    """Return a loss, and the module of torch that it may be."""
    inner = getattr(loss, "loss", None)
    return [loss, inner] if isinstance(inner, nn.Module) else [loss]


def _parts(thing: Any) -> Iterator[dict[str, Any]]:
    """Yield the attributes of an object, and a module's dictionaries, which change in place."""
    attributes = vars(thing)
    if not isinstance(thing, Steps):
        yield attributes
    for name, value in attributes.items():
        if isinstance(value, dict) and (name in _CHANGING or name.endswith("_hooks")):
            yield value
