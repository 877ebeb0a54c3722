"""Weights as a `.weights.h5` file, laid out as Keras 3 does it: `layers/NAME/vars/0` and so on."""

import os
import warnings
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from torchkeras._base.atomic import replacing
from torchkeras.layers.base.weights import WeightOwner
from torchkeras.layers.core.torch_module_wrapper import TorchModuleWrapper
from torchkeras.layers.layer import Layer
from torchkeras.optimizers.state import OptimizerState

from . import old_optimizers
from .h5_reading import Datasets, find_group, opened, source_of
from .h5_writing import Store, Writer, created, created_in_memory
from .pieces import Movers
from .saveables import is_metric, saveables

_Array = np.ndarray[Any, Any]
Find = Callable[[str], Any]  # from the path of a group to its `Datasets`


def save(
    model: Any, filepath: "str | os.PathLike[str]", objects_to_skip: Iterable[Any] | None = None
) -> None:
    """Write the variables of a model and of its optimizer to a file, which is replaced."""
    with replacing(filepath) as path:
        write(model, path, objects_to_skip)


def write(model: Any, place: Any, objects_to_skip: Iterable[Any] | None = None) -> None:
    """Write the variables of a model and of its optimizer.

    Args:
        model: The model.
        place: A path, or a part of a file that is open for reading and writing.
        objects_to_skip: Layers that are left out.
    """
    with created(place) as writer:
        _write_all(model, writer, objects_to_skip)


def image(model: Any) -> bytes:
    """Return what a file with the variables of a small model and of its optimizer holds.

    Args:
        model: The model.
    """
    with created_in_memory() as writer:
        _write_all(model, writer, None)
        return writer.image()


def _write_all(model: Any, writer: Writer, objects_to_skip: Iterable[Any] | None) -> None:
    def group(path: str, name: str | None) -> Store:
        made = writer.file.create_group(path)
        if name is not None:
            made.attrs["name"] = name
        return Store(writer, made)

    write_into(model, group, objects_to_skip)


def write_into(
    model: Any, group: Callable[[str, str | None], Any], objects_to_skip: Iterable[Any] | None
) -> None:
    """Write the variables of a model and of its optimizer.

    Args:
        model: The model.
        group: Returns what takes the variables of an object, by path and name of the object.
        objects_to_skip: Layers that are left out.
    """
    for inner_path, item in saveables(model, objects_to_skip or ()):
        name = getattr(item, "name", None)
        path = f"{inner_path}/vars" if inner_path else "vars"
        _write(item, group(path, name if isinstance(name, str) else None))


def _write(item: Any, store: Any) -> None:
    if _writes_for_itself(item):
        write_own(item, store)
        kept = _raw_tensors(item)
    else:
        if isinstance(item, Layer) and not isinstance(item, TorchModuleWrapper):
            item.prepare_saving()
        kept = _targets(item)
    for name, target in kept.items():
        store[name] = target.tensor if isinstance(target, _TensorTarget) else target


def write_own(item: Any, store: MutableMapping[str, Any]) -> None:
    """Let an object write into a mapping; optimizers hand over variables, not copies of them.

    Args:
        item: An object that has `save_own_variables`.
        store: The mapping.
    """
    stock = isinstance(item, OptimizerState)
    if not stock or type(item).save_own_variables is not OptimizerState.save_own_variables:
        item.save_own_variables(store)
        return
    for index, variable in enumerate(item.variables):
        store[str(index)] = variable
    item._write_more(store, "")


def _writes_for_itself(item: Any) -> bool:
    if isinstance(item, TorchModuleWrapper):
        return False
    if isinstance(item, Layer):
        return type(item).save_own_variables is not WeightOwner.save_own_variables
    return hasattr(item, "save_own_variables")


# Loading


@dataclass
class _Plan:
    """What is read from where: known targets, objects that read for themselves, and problems."""

    reads: list[tuple[Any, str, Any]]
    hooks: list[tuple[Any, str, Any]]
    failures: list[tuple[Any, str]]
    filled: list[Layer]


def load(
    model: Any,
    filepath: "str | os.PathLike[str]",
    skip_mismatch: bool = False,
    objects_to_skip: Iterable[Any] | None = None,
) -> None:
    """Read the variables of a model; numbers and shapes are compared before anything is read."""
    read_into(model, filepath, os.fspath(filepath), skip_mismatch, objects_to_skip)


def read_into(
    model: Any,
    place: Any,
    name: str,
    skip_mismatch: bool = False,
    objects_to_skip: Iterable[Any] | None = None,
) -> None:
    """Read the variables of a model from a path or an open file.

    Args:
        model: The model.
        place: A path, or a file that is open for reading.
        name: The name of the file, for errors.
        skip_mismatch: Whether what does not fit is left alone, with a warning.
        objects_to_skip: Layers that are left alone.
    """
    with opened(place, name) as file:
        source = source_of(file, place)
        read_from(
            lambda path: Datasets(find_group(file, path), source),
            name,
            model,
            skip_mismatch,
            objects_to_skip,
        )


def read_from(
    find: Find,
    name: str,
    model: Any,
    skip_mismatch: bool = False,
    objects_to_skip: Iterable[Any] | None = None,
) -> None:
    """Read the variables of a model.

    Args:
        find: Returns the datasets of a group; none for a group that is not there.
        name: The name of the file, for errors.
        model: The model.
        skip_mismatch: Whether what does not fit is left alone, with a warning.
        objects_to_skip: Layers that are left alone.
    """
    plan = _Plan([], [], [], [])
    skipped = list(objects_to_skip or ())
    for path, item in saveables(model, skipped):
        _add(plan, item, path, find(f"{path}/vars" if path else "vars"))
    if plan.failures:
        _retry(plan, find, saveables(model, skipped, by_layers=True))
    if plan.failures and not skip_mismatch:
        raise ValueError(_message(name, plan.failures))
    with Movers() as movers:
        for store, key, target in plan.reads:
            store.fill(key, target, movers)
    for layer in plan.filled:
        if layer.built:  # weights that are yet to be made leave nothing to finish
            layer.finish_loading()
    for item, path, store in plan.hooks:
        _run_hook(plan, item, path, store)
    if plan.failures and not skip_mismatch:
        raise ValueError(_message(name, plan.failures))
    if plan.failures:
        warnings.warn(_message(name, plan.failures), stacklevel=4)


def _add(plan: _Plan, item: Any, path: str, store: Any) -> None:
    if _reads_for_itself(item):
        plan.hooks.append((item, path, store))
        return
    if is_metric(item) and not store:  # Keras keeps none
        return
    targets = _targets(item)
    problem = _mismatch(targets, store, path, item)
    if problem:
        plan.failures.append((item, problem))
    else:
        plan.reads += [(store, name, target) for name, target in targets.items()]
        plan.filled += [item] if isinstance(item, Layer) else []


def _retry(plan: _Plan, find: Find, places: Iterable[tuple[str, Any]]) -> None:
    """Look for what was not found in the places of a model that was made of the same layers."""
    problems = {id(item): problem for item, problem in plan.failures}
    plan.failures.clear()
    for path, item in places:
        if id(item) in problems:
            _add(plan, item, path, find(f"{path}/vars" if path else "vars"))
    plan.failures[:] = [(item, problems[id(item)]) for item, _ in plan.failures]


def _run_hook(plan: _Plan, item: Any, path: str, store: Any) -> None:
    try:
        stored = store if isinstance(item, Layer) else old_optimizers.with_rate(item, store)
        item.load_own_variables(stored)
        if stored is not store:
            old_optimizers.complete(item)
    except (ValueError, KeyError, TypeError) as error:
        plan.failures.append((item, f"{path or 'the model'}: {error}"))


def _reads_for_itself(item: Any) -> bool:
    if isinstance(item, Layer):
        return type(item).load_own_variables is not WeightOwner.load_own_variables
    return hasattr(item, "load_own_variables")


def _targets(item: Any) -> dict[str, Any]:
    """Return what an object keeps in the file, by name: a layer's variables are numbered."""
    if isinstance(item, TorchModuleWrapper):
        item = item.module
    if isinstance(item, Layer):
        kept = item.saved_variables()
        return {str(index): v for index, v in enumerate(kept)} | _raw_tensors(item)
    if is_metric(item):
        return {str(index): variable for index, variable in enumerate(item.variables)}
    if isinstance(item, nn.Module):
        return {name: _TensorTarget(tensor) for name, tensor in item.state_dict().items()}
    return {}


def _raw_tensors(item: Any) -> dict[str, Any]:
    """Return torch's parameters and buffers that a layer holds besides its variables, by name.

    Keras's format has no place for them: beside the numbers, they go by their names.
    """
    if not isinstance(item, Layer):
        return {}
    shown = {key for v in item.own_variables() for owner, key in v.parts if owner is item}
    passing = item._non_persistent_buffers_set
    tensors = {**item._parameters, **item._buffers}
    return {
        name: _TensorTarget(tensor)
        for name, tensor in tensors.items()
        if tensor is not None and name not in shown and name not in passing
    }


class _TensorTarget:
    """A tensor of a torch module, with as much of a variable as a file needs."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor
        self.shape = tuple(tensor.shape)

    def assign(self, value: _Array) -> None:
        with torch.no_grad():
            self.tensor.copy_(torch.from_numpy(np.array(value)))


def _mismatch(targets: dict[str, Any], store: Any, path: str, item: Any) -> str:
    """Return why the datasets of a group do not fit an object, or nothing."""
    place = path or "the model itself"
    if set(store) != set(targets):
        built = "" if getattr(item, "built", True) else " It was never built."
        return (
            f"{place}: the file has {len(store)} variables, and the object has {len(targets)}: "
            f"{sorted(store)} and {sorted(targets)}.{built}"
        )
    for name, target in targets.items():
        shape = store.dataset(name).shape
        if tuple(shape) != tuple(target.shape):
            return (
                f"{place}/vars/{name}: the file has the shape {tuple(shape)}, and the model "
                f"{tuple(target.shape)}."
            )
    return ""


def _message(name: str, failures: list[tuple[Any, str]]) -> str:
    objects = [item for item, _ in failures]
    return (
        f"A total of {len(failures)} objects could not be loaded from {name!r}. The "
        f"first is {objects[0]!r}:\n\n{failures[0][1]}\n\nAll objects that could not be loaded: "
        f"{objects}"
    )
