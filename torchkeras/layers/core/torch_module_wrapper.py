"""`TorchModuleWrapper`: any torch module as a layer."""

import base64
import io
from typing import Any, Self, TypeGuard
from weakref import WeakValueDictionary

import torch
from torch import nn

from torchkeras._base import device
from torchkeras._base.bytecode import UNSAFE
from torchkeras._base.damage import plain_errors
from torchkeras._base.messages import show
from torchkeras._base.registry import custom_object_scope, get_registered_object
from torchkeras._base.switches import in_safe_mode
from torchkeras._symbolic import capture
from torchkeras.layers.base.config import encode
from torchkeras.layers.layer import Layer

_WRAPPER_BY_MODULE: "WeakValueDictionary[int, TorchModuleWrapper]" = WeakValueDictionary()


class TorchModuleWrapper(Layer):
    """A torch module as a layer; the module stays the same object.

    `Sequential` and functional models wrap modules by themselves. A config names the module's class
    and a file holds its `state_dict()`; `load_model(path, custom_objects={"Net": Net})` says what
    they are read into.

    Args:
        module: The torch module.
        name: The layer's name.
        output_shape: The shape of the outputs, where it cannot be found by trial.
        **kwargs: The keyword arguments of `Layer`.

    Raises:
        ValueError: If `module` is no torch module.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.TorchModuleWrapper(torch.nn.Linear(3, 2))
        >>> tuple(layer(torch.ones(5, 3)).shape)
        (5, 2)
    """

    def __init__(
        self, module: nn.Module, name: str | None = None, output_shape: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        if not isinstance(module, nn.Module) or isinstance(module, Layer):
            raise ValueError(
                "`module` must be a torch module that is no layer. Received: "
                f"module={module!r} (of type {type(module).__name__})."
            )
        self.module = module
        self.output_shape = output_shape
        self.supports_masking = True
        self.built = True

    def call(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Run the module.

        Args:
            *args: The module's arguments.
            training: Kept for Keras's signature; the module's mode counts.
            **kwargs: The module's keyword arguments.
        """
        return self.module(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        if self.output_shape is None:
            return super().compute_output_spec(*args, **kwargs)
        return type(args[0])(self.output_shape, self.compute_dtype)

    def attribute_config(self) -> dict[str, Any]:
        return {"module": type(self.module).__name__, "output_shape": encode(self.output_shape)}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool | None = None
    ) -> Self:
        """Wrap the torch module that the caller names in `custom_objects`.

        Args:
            config: What `get_config()` returned, here or in Keras.
            custom_objects: Modules, or functions that make them, by name of the layer or class.
            safe_mode: `False` to unpickle the module that a config of Keras holds.

        Raises:
            ValueError: If no module is given for the layer.
        """
        kind = config.get("module")
        with custom_object_scope(custom_objects):
            found = _module_of_caller(config.get("name"), kind)
        if found is None and _is_pickle(kind) and not in_safe_mode(safe_mode):
            found = _unpickled(kind)
        if found is None:
            raise ValueError(_missing(config.get("name"), kind))
        return super().from_config({**config, "module": found})


_PICKLE = "UEsD"  # how a zip file begins, which `torch.save` writes, in base 64


def _is_pickle(kind: Any) -> TypeGuard[str]:
    return isinstance(kind, str) and kind.startswith(_PICKLE)


def _unpickled(text: str) -> Any:
    """Return a module of a file that the caller trusts."""
    with plain_errors("The torch module in a config"):
        packed = io.BytesIO(base64.b64decode(text, validate=True))
        return torch.load(packed, map_location=device.creation(), weights_only=False)


def _module_of_caller(layer: Any, kind: Any) -> nn.Module | None:
    """Return the module that custom objects hold for a layer, or what a function there makes."""
    for name in (layer, kind):
        found = get_registered_object(name) if isinstance(name, str) else None
        made = found() if callable(found) and not isinstance(found, nn.Module) else found
        if isinstance(made, nn.Module):
            return made
        if found is not None:
            raise ValueError(
                f"`custom_objects[{name!r}]` must be a torch module, or a function that makes one, "
                f"for layer {layer!r}. Received: {show(made)} (of type {type(made).__name__})."
            )
    return None


def _missing(layer: Any, kind: Any) -> str:
    packed = _is_pickle(kind)
    what = ", which is pickled" if packed else f" of class {show(kind)}"
    trusted = f" Or, {UNSAFE}" if packed else ""
    return (
        f"Layer {show(layer)} wraps a torch module{what}. A file holds its weights, and code of a "
        "file is not run. Pass a module for it: `custom_objects={...}` with the name of the layer "
        "or of the class as the key, and a module, or a function that makes one, as the value."
        f"{trusted}"
    )


def as_layer(value: Any) -> Layer:
    """Return a layer for a layer or torch module; always the same for the same module."""
    if isinstance(value, Layer):
        return value
    if not isinstance(value, nn.Module):
        raise ValueError(
            "Only layers and torch modules can be added to a model. Received: "
            f"{value!r} (of type {type(value).__name__})."
        )
    known = _WRAPPER_BY_MODULE.get(id(value))
    if known is None or known.module is not value:
        known = TorchModuleWrapper(value)
        _WRAPPER_BY_MODULE[id(value)] = known
    return known


capture.set_wrapper(as_layer)
