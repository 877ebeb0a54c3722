"""The full way of calling a layer: convert, build, check, pass training and masks, run.

`Layer.forward` takes a short cut past all of this for a plain tensor like the last one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from torchkeras._base import device
from torchkeras._base.messages import show
from torchkeras._base.naming import build_scope
from torchkeras._base.nested import leaves_of, map_leaves
from torchkeras._data.lists import as_arrays
from torchkeras._state.arrays import shared
from torchkeras._state.masked import mask_of, with_mask
from torchkeras._state.variable import Variable, autocast_scope
from torchkeras._symbolic.spec import Spec, has_spec

from .input_spec import check_inputs

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def call_in_full(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a layer with whatever Keras allows: arrays, symbols, masks, `training`."""
    args, kwargs = _convert(layer, args, kwargs)
    if has_spec(args, kwargs):
        return layer.symbolic_call(*args, **kwargs)
    wanted = kwargs.pop("training", None)
    if wanted is None and layer.call_spec.trains_by_default and not GIVEN_MODE.wins:
        wanted = True
    if wanted is None:
        return _run_scoped(layer, args, kwargs)
    with training_mode(layer, bool(wanted)):
        return _run_scoped(layer, args, kwargs)


def _run_scoped(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a layer; what its first call builds has paths below the layer's name."""
    if layer.was_run or (torch.compiler.is_compiling() and layer.builds_nothing()):
        return run(layer, args, kwargs)
    with build_scope(layer.name):
        outputs = run(layer, args, kwargs)
    object.__setattr__(layer, "was_run", True)
    return outputs


def run(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a layer on tensors: build it if need be, check the inputs, pass masks."""
    args = layer.fit_arguments(args)
    inputs = first_argument(layer, args, kwargs)
    if not layer.built:
        layer.build_for(args, kwargs)
    if layer.input_spec is not None:
        check_inputs(layer.input_spec, inputs, layer.name)
    masks = _fill_masks(layer, args, kwargs)
    if layer.call_spec.takes_training:
        inference = GIVEN_MODE.inference if layer.call_spec.training_may_be_none else False
        kwargs["training"] = layer.training or inference
    if layer.casts_variables:
        outputs = _call_cast(layer, args, kwargs)
    else:
        outputs = _explained(layer, args, kwargs)
    return layer.finish_call(inputs, masks, outputs)


def _explained(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return layer.call(*args, **kwargs)
    except Exception as error:
        explain(layer, args, error)
        raise


def explain(layer: Any, args: tuple[Any, ...], error: BaseException) -> None:
    """Add to an error which layer raised it, and on what."""
    if torch.compiler.is_compiling() or getattr(error, "_explained_by_layer", False):
        return
    error._explained_by_layer = True  # type: ignore[attr-defined]
    shapes = map_leaves(show, args[0] if len(args) == 1 else args)
    error.add_note(f"While calling layer {layer.name!r} ({type(layer).__name__}) on {shapes}.")


# Arguments


def first_argument(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the layer's inputs, given by position or by name."""
    if args:
        return args[0]
    names = layer.call_spec.names
    return kwargs.get(names[0]) if names else next(iter(kwargs.values()), None)


def _convert(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Turn arrays into tensors and floats into the compute dtype."""

    def leaf(value: Any) -> Any:
        return convert_leaf(layer, value)

    if layer.takes_text:
        args = tuple(as_arrays(arg) for arg in args)
    converted = tuple(map_leaves(leaf, arg) for arg in args)
    for arg in () if layer.takes_text else converted:
        _refuse_non_tensors(arg)
    return converted, {
        key: value if key == "training" else map_leaves(leaf, value)
        for key, value in kwargs.items()
    }


def convert_leaf(layer: Any, value: Any) -> Any:
    """Return a tensor for an array or variable, with floats in the layer's compute dtype."""
    if isinstance(value, Variable):
        value = value.value
    elif not isinstance(value, Tensor):
        if isinstance(value, Spec) or not hasattr(value, "__array__"):
            return value
        array = np.asarray(value)
        if layer.takes_text and array.dtype.kind in "OSTU":
            return array
        value = shared(_owned(array)).to(_device_of(layer))
    if value.dtype is layer.torch_dtype or not layer.casts_inputs:
        return value
    casts = layer.autocast if value.is_floating_point() else layer.computes_in_floats
    return cast(value, layer.torch_dtype) if casts and not value.is_complex() else value


def cast(value: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a tensor in another dtype, with its mask."""
    return with_mask(value.to(dtype), mask_of(value))


def _owned(array: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Return an array that torch takes: writable, native and of a numeric dtype."""
    if array.dtype.kind in "OUS":
        raise ValueError(
            f"Layers take numbers. Received: {show(array)} of {array.dtype.kind!r} kind. Turn text "
            "into numbers first, or convert the array with `astype`."
        )
    if array.dtype == np.float64:
        return array.astype(np.float32) if not array.flags.writeable else array
    return array if array.flags.writeable and array.dtype.isnative else array.copy()


def _device_of(layer: Any) -> torch.device:
    for tensor in chain(layer.parameters(), layer.buffers()):
        return tensor.device
    return device.running()


def _refuse_non_tensors(arg: Any) -> None:
    for leaf in leaves_of(arg):
        if not (leaf is None or isinstance(leaf, (Tensor, Spec))):
            raise ValueError(
                "Only tensors (or arrays, or symbols) may be passed to a layer by position. "
                f"Received: {leaf!r} (of type {type(leaf).__name__}). Pass settings by name, and "
                "turn numbers into an array with `np.array(...)` first."
            )


# Training mode, masks and dtypes


class GivenMode:
    """Whether a running call was told `training`, which then wins over what a graph has fixed."""

    def __init__(self) -> None:
        self._told: list[None] = []  # one for each such call: threads begin and end in any order

    @property
    def wins(self) -> bool:
        """Whether a running call was told its mode."""
        return bool(self._told)

    @property
    def inference(self) -> bool | None:
        """What a `call` is told in inference mode: `None` unless somebody said `False`."""
        return False if self._told else None

    def enter(self) -> None:
        """Count a call that was told its mode."""
        self._told.append(None)

    def leave(self) -> None:
        """Count it no more."""
        self._told.pop()


GIVEN_MODE = GivenMode()


def in_given_mode(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function of the inputs that counts as told the mode in which the layers are."""

    def told(x: Any) -> Any:
        GIVEN_MODE.enter()
        try:
            return call(x)
        finally:
            GIVEN_MODE.leave()

    return told


@contextmanager
def training_mode(layer: Any, training: bool) -> Iterator[None]:
    """Put a layer and everything below it into one mode inside the scope."""
    changed: list[tuple[nn.Module, bool]] = []
    if layer.training != training:
        changed = [(m, m.training) for m in layer.modules() if m.training != training]
    for module, _ in changed:
        module.training = training
    GIVEN_MODE.enter()
    try:
        yield
    finally:
        GIVEN_MODE.leave()
        for module, mode in changed:
            module.training = mode


def _fill_masks(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the mask of the inputs, and give `call` the masks that it takes and nobody gave."""
    named = dict(zip(layer.call_spec.names, args, strict=False)) | kwargs
    first = next(iter(named), None)
    previous = None
    for name, value in named.items():
        mask_name = layer.call_spec.mask_names.get(name)
        if name != first and mask_name is None:
            continue
        mask = masks_of(value)
        # As in Keras, a plain `mask` is only filled in where the inputs are the only tensors.
        wanted = mask_name is not None and kwargs.get(mask_name) is None
        if mask is not None and wanted and (mask_name != "mask" or _count_tensors(named) == 1):
            kwargs[mask_name] = mask
        if name == first:
            previous = kwargs.get("mask", mask) if mask_name == "mask" else mask
    return previous


def _count_tensors(named: dict[str, Any]) -> int:
    """Return how many arguments are tensors, or structures of nothing else."""
    leaves = [leaves_of(value) for value in named.values()]
    return len([some for some in leaves if some and all(isinstance(x, Tensor) for x in some)])


def masks_of(value: Any) -> Any:
    """Return the mask that a tensor carries, or those of a structure; `None` if there is none."""
    if not isinstance(value, (list, tuple, dict)):
        return mask_of(value)
    masks = map_leaves(mask_of, value)
    return masks if any(mask is not None for mask in leaves_of(masks)) else None


def _call_cast(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a layer whose variables are kept in one dtype and used in another."""
    swapped = cast_variables(layer)
    try:
        with autocast_scope(layer.torch_dtype):
            return _explained(layer, args, kwargs)
    finally:
        put_back(swapped)


Swapped = list[tuple[dict[str, Any], str, Tensor]]


def cast_variables(layer: Any) -> Swapped:
    """Put what is computed with into the places of a layer's variables; return these."""
    swapped: Swapped = []
    store: dict[str, Any]
    for variable in layer.own_variables():
        for module, key in variable.parts if variable.autocasts else ():
            store = module._parameters if key in module._parameters else module._buffers
            tensor = store.get(key)
            if module is not layer and tensor is not None and tensor.is_floating_point():
                swapped.append((store, key, tensor))
                store[key] = tensor.to(layer.torch_dtype)
    return swapped


def put_back(swapped: Swapped) -> None:
    """Undo `cast_variables`."""
    for store, key, tensor in swapped:
        store[key] = tensor
