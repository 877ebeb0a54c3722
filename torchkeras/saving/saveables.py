"""What in a model has weights, and under which path Keras's files keep it.

The path is made of attribute names; in a list or dictionary, of class names in snake case with a
counter. Attributes come in alphabetical order, private ones last; the layers of functional and
sequential models come first. What is met twice counts where it is met first.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torch import nn

from torchkeras._base.naming import to_snake_case
from torchkeras._state.containers import TrackedTuple
from torchkeras.layers.core.torch_module_wrapper import TorchModuleWrapper
from torchkeras.layers.layer import Layer
from torchkeras.random import SeedGenerator

_LIBRARY = __name__.partition(".")[0]
_Seen = dict[int, Any]
"""What was met, by identity; it is held, as the place of what is gone is given to others."""


def saveables(
    root: Any, skip: Iterable[Any] = (), by_layers: bool = False
) -> Iterator[tuple[str, Any]]:
    """Yield the paths and objects of a model: itself, layers, torch modules, metrics, optimizer.

    Args:
        root: A model or layer.
        skip: Objects to leave out, with what is in them alone.
        by_layers: Whether a subclassed model's layers, too, are found in its `layers` first.
    """
    seen = {id(item): item for item in skip}
    if by_layers and hasattr(root, "get_layer"):
        yield from _child(root.layers, "layers", seen)
    yield from _walk(root, "", seen)


def _walk(item: Any, path: str, seen: _Seen) -> Iterator[tuple[str, Any]]:
    if id(item) in seen:
        return
    seen[id(item)] = item
    yield path, item
    if isinstance(item, Layer) and not isinstance(item, TorchModuleWrapper):
        stock = {id(owner) for variable in item.own_variables() for owner, _ in variable.parts}
        for name, child in _attributes(item):
            if not _is_stock(child, stock):
                yield from _child(child, f"{path}/{name}" if path else name, seen)
    for name, child in getattr(item, "_saved_inside", {}).items():  # optimizers of an optimizer
        yield from _child(child, f"{path}/{name}", seen)


def _child(child: Any, path: str, seen: _Seen) -> Iterator[tuple[str, Any]]:
    if isinstance(child, (list, tuple, Mapping)):
        yield from _container(child, path, seen)
    elif is_saveable(child):
        yield from _walk(child, path, seen)


def _container(container: Any, path: str, seen: _Seen) -> Iterator[tuple[str, Any]]:
    if id(container) in seen:
        return
    seen[id(container)] = container
    counts: dict[str, int] = {}
    for item in container.values() if isinstance(container, Mapping) else container:
        if isinstance(item, (list, tuple, Mapping)):
            yield from _container(item, f"{path}/{_counted('container', counts)}", seen)
        elif is_saveable(item):
            name = _counted(to_snake_case(class_name(item)), counts)
            yield from _walk(item, f"{path}/{name}", seen)


def class_name(item: Any) -> str:
    """Return the name of an object's class; Keras has one of its own for models from symbols."""
    name = type(item).__name__
    name = vars(type(item)).get("_saved_as", name)
    functional = name == "Model" and getattr(item, "program", None) is not None
    return "Functional" if functional else name


def _counted(name: str, counts: dict[str, int]) -> str:
    counts[name] = counts.get(name, -1) + 1
    return f"{name}_{counts[name]}" if counts[name] else name


def is_saveable(item: Any) -> bool:
    """Say whether a file keeps something of an object; seeds are left out, as in Keras."""
    if isinstance(item, SeedGenerator):
        return False
    return isinstance(item, nn.Module) or hasattr(item, "save_own_variables") or is_metric(item)


def is_metric(item: Any) -> bool:
    """Say whether an object is a metric."""
    return bool(getattr(item, "_is_metric", False)) and not isinstance(item, type)


def _is_stock(child: Any, stock: set[int]) -> bool:
    """Say whether a torch module only computes for a layer, whose own variables it holds."""
    if isinstance(child, (Layer, list, Mapping)) or not isinstance(child, nn.Module):
        return False
    return any(id(module) in stock for module in child.modules()) or not child.state_dict()


def _attributes(layer: Layer) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of a layer that may hold something to save, in Keras's order."""
    is_model = hasattr(layer, "get_layer")
    is_sequential = hasattr(layer, "_chain")
    if is_sequential or (is_model and getattr(layer, "program", None) is not None):
        yield "layers", layer.layers
    kept = {name for name, child in layer._modules.items() if not isinstance(child, TrackedTuple)}
    names = kept | _own_properties(type(layer))
    names |= {name for name, value in vars(layer).items() if _is_plain_saveable(value)}
    if is_model:
        names |= {"layers", "optimizer"}
    for name in sorted(names, key=lambda name: f"~{name}" if name.startswith("_") else name):
        # As in Keras: a property that cannot be read yet holds nothing to save.
        with contextlib.suppress(Exception):
            yield name, getattr(layer, name)


def _is_plain_saveable(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(is_saveable(item) for item in value)
    return is_metric(value)


def _own_properties(cls: type) -> set[str]:
    """Return the properties that a user's class defines."""
    return {
        name
        for base in cls.__mro__
        if base.__module__.partition(".")[0] not in (_LIBRARY, "torch", "builtins")
        for name, value in vars(base).items()
        if isinstance(value, property)
    }
