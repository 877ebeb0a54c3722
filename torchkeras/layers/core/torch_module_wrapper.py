"""`TorchModuleWrapper`: any torch module as a layer."""

from typing import Any, Self
from weakref import WeakValueDictionary

from torch import nn

from torchkeras._base.messages import show
from torchkeras._base.registry import get_registered_object
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
    def from_config(cls, config: dict[str, Any], safe_mode: bool | None = None) -> Self:
        """Wrap the torch module that the caller names in `custom_objects`.

        Args:
            config: What `get_config()` returned.
            safe_mode: Kept for Keras's signature; nothing that could run code is ever read.

        Raises:
            ValueError: If no module is given for the layer.
        """
        wanted = (config.get("name"), config.get("module"))
        return super().from_config({**config, "module": _module_of_caller(*wanted)})


def _module_of_caller(layer: Any, kind: Any) -> nn.Module:
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
    raise ValueError(
        f"Layer {show(layer)} wraps a torch module of class {show(kind)}. A file holds its weights "
        "but never its code, and nothing is unpickled. Pass a module for it: "
        "`custom_objects={...}` with the name of the layer or of the class as the key, and "
        "a module, or a function that makes one, as the value."
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
