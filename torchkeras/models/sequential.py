"""`Sequential`: layers one after the other."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch

from torchkeras import tree
from torchkeras._base.budget import bounded
from torchkeras._base.naming import auto_name, build_scope
from torchkeras._base.registry import custom_object_scope
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._symbolic.probe import is_unknown
from torchkeras._symbolic.tensor import KerasTensor, is_keras_tensor
from torchkeras.layers.base.calling import first_argument
from torchkeras.layers.base.shapes import as_shape, map_shapes, shapes_of
from torchkeras.layers.core.input_layer import InputLayer
from torchkeras.layers.core.torch_module_wrapper import as_layer
from torchkeras.layers.layer import Layer

from .model import Model


class Sequential(Model):
    """A model whose layers follow each other, each taking what the one before it returns.

    Args:
        layers: Layers, torch modules and, first, perhaps an `Input`.
        trainable: Whether optimizers change the weights.
        name: The model's name.
        **kwargs: The keyword arguments of `Layer`.

    Raises:
        ValueError: If something is no layer, or a name is taken twice.

    Example:
        >>> import torchkeras
        >>> from torchkeras import layers
        >>> model = torchkeras.Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)])
        >>> model.output_shape
        (None, 2)
    """

    _keras_module = "keras"
    _chain: list[Layer]
    _entry: InputLayer | None
    _last: Any

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        object.__setattr__(self, "_chain", [])
        object.__setattr__(self, "_entry", None)
        object.__setattr__(self, "_last", None)
        for layer in layers or ():
            self.add(layer, rebuild=False)
        self._count_wiring()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Add a layer at the end.

        Args:
            layer: A layer, a torch module or, at the beginning, an `Input`.
            rebuild: Kept for Keras's signature; weights are made as soon as shapes are known.

        Raises:
            ValueError: If it is no layer, its name is taken, or an input comes second.
        """
        if is_keras_tensor(layer):
            layer = layer.origin.target
        layer = as_layer(layer)
        if isinstance(layer, InputLayer):
            self._begin(layer)
            return
        if any(layer.name == other.name for other in self._chain):
            raise ValueError(
                f"All layers of a model must have different names. {layer.name!r} is already the "
                f"name of a layer in this model: {[other.name for other in self._chain]}."
            )
        if self._entry is None and not self._chain and layer._first_shape is not None:
            self._begin(InputLayer(batch_shape=layer._first_shape, dtype=_first_dtype(layer)))
        elif self._entry is None and not self._chain and _is_wired(layer):
            self._begin(InputLayer(batch_shape=layer.input_shape, dtype=layer.input.dtype))
        self._register_layer(layer)
        if self._entry is not None:
            self._extend(layer)
        self._chain.append(layer)
        self._forget_program()
        if rebuild:
            self._count_wiring()

    def _count_wiring(self) -> None:
        """Count the functional model that Keras makes here, so that later ones have its names."""
        if self._entry is not None and self._chain:
            auto_name("Functional")

    def _begin(self, entry: InputLayer) -> None:
        if self._chain or self._entry is not None:
            first = self._entry or self._chain[0]
            raise ValueError(
                f"An input can only be the first layer of a Sequential. Received {entry!r} "
                f"after {first!r}."
            )
        self._input_layers[entry.name] = entry
        object.__setattr__(self, "_entry", entry)
        object.__setattr__(self, "_last", entry.output)

    def _forget_beginning(self) -> None:
        """Be as unbuilt as before, so that no half of a model ever runs."""
        assert self._entry is not None
        del self._input_layers[self._entry.name]
        object.__setattr__(self, "_entry", None)
        object.__setattr__(self, "_last", None)
        self.built = False

    def _extend(self, layer: Layer) -> None:
        """Call the newest layer on the symbol so far, which makes its weights."""
        last = self._replayed()[1] if self._last is None else self._last
        with build_scope(self.name):
            symbol = layer(last)
        object.__setattr__(self, "_last", symbol)
        self.built = True

    def _forget_program(self) -> None:
        for name in ("_program", "_run", "_symbols", "_input_spec", "_seen_dtype"):
            object.__setattr__(self, name, None)

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer away, and return it.

        Args:
            rebuild: Kept for Keras's signature.
        """
        if not self._chain:
            raise ValueError(f"Sequential model {self.name!r} has no layers to pop.")
        layer: Layer = self._chain.pop()
        del self._modules[self._keys.pop(layer.name)]
        self._forget_program()
        if self._entry is not None:
            last = self._chain[-1].output if self._chain else self._entry.output
            object.__setattr__(self, "_last", last)
            self.built = bool(self._chain)
        if rebuild:
            self._count_wiring()
        return layer

    def build(self, input_shape: Any = None) -> None:
        """Make all weights for an input shape.

        Args:
            input_shape: The whole shape of the inputs, batch axis included; or a list or
                dictionary of shapes, if that is what the first layer takes.
        """
        if self._entry is not None or input_shape is None:
            return
        shape = as_shape(input_shape)
        if isinstance(shape, tuple):
            self._build_from(shape, None)
        else:
            self._check_chain()
            self._probe((map_shapes(self._input_symbol, shape),), {})

    def build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        inputs = first_argument(self, args, kwargs)
        shape = shapes_of(inputs)
        if isinstance(shape, tuple):
            dtype = "string" if isinstance(inputs, np.ndarray) else inputs.dtype
            self._build_first(_readings(shape), dtype)
            return
        self._check_chain()
        object.__setattr__(self, "_build_arguments", {"input_shape": shape})
        self.built = True

    def _build_first(self, shapes: list[tuple[int | None, ...]], dtype: Any) -> None:
        """Build for the first of several shapes that the layers take."""
        *guesses, certain = shapes
        for shape in guesses:
            try:
                self._build_from(shape, dtype)
            except ValueError:
                continue
            return
        self._build_from(certain, dtype)

    def _check_chain(self) -> None:
        if not self._chain:
            raise ValueError(
                f"Sequential model {self.name!r} cannot be built because it has no layers. "
                "Call `model.add(layer)`."
            )

    def _build_from(self, shape: tuple[int | None, ...], dtype: Any) -> None:
        self._check_chain()
        chain = list(self._chain)
        self._chain.clear()
        self._begin(InputLayer(batch_shape=shape, dtype=dtype))
        self._chain.extend(chain)
        try:
            for layer in chain:
                self._extend(layer)
        except BaseException:
            self._forget_beginning()
            raise
        self._count_wiring()

    def _ensure_program(self) -> None:
        """Write the program down, once the chain is known."""
        if self._entry is None or not self._chain or torch.compiler.is_compiling():
            return
        if self._program is None:
            self._wire(self._entry.output, self._last)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Run the layers one after the other.

        Args:
            inputs: A tensor, or the list or dictionary that the first layer takes.
            training: Kept for Keras's signature; the module's mode counts.
            mask: Kept for Keras's signature; masks travel on the tensors.
        """
        if self._run is None:
            self._ensure_program()
            if (self._program is None and self._chain) or torch.compiler.is_compiling():
                return self._one_by_one(inputs)
        return super().call(inputs)

    def _one_by_one(self, inputs: Any) -> Any:
        for layer in self._chain:
            inputs = layer(inputs)
        return inputs

    call.spec = Model.call.spec  # type: ignore[attr-defined]

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input."""
        return list(self._chain)

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError("`Sequential.layers` cannot be set. Use `add` and `pop`.")

    @property
    def input(self) -> Any:
        """The symbol of the input, in the model that first called this one if there is one."""
        return self._nodes[0].args[0] if self._nodes else self._own("input")[0]

    @property
    def output(self) -> Any:
        """The symbol of the output, in the model that first called this one if there is one."""
        return self._nodes[0].outputs if self._nodes else self._own("output")[1]

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbol of the model's own input, in a list."""
        return [self._own("inputs")[0]]

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbols of the model's own outputs."""
        return tree.flatten(self._own("outputs")[1])

    @property
    def counts_own_wiring(self) -> bool:
        """Whether Keras's configs count the model's own wiring as its first call: no."""
        return False

    def _own(self, what: str) -> tuple[Any, Any]:
        """Return the symbols of the model's own wiring."""
        self._ensure_program()
        if self._program is None:
            raise AttributeError(
                f"Sequential model {self.name!r} has no defined {what} yet. Begin it with "
                "`Input(shape)`, or call it on data first."
            )
        return self._replayed()

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes an equal model from."""
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self.dtype_policy),
        }
        entry = [] if self._entry is None else [self._entry]
        config["layers"] = [serialize_keras_object(layer) for layer in [*entry, *self._chain]]
        if self._entry is not None:
            config["build_input_shape"] = list(self._entry.batch_shape)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make the model that a config describes.

        Args:
            config: What `get_config()` returned.
            custom_objects: Classes and functions by name, besides the registered ones.
        """
        with bounded():
            with custom_object_scope(custom_objects or {}):
                layers = [deserialize_keras_object(layer) for layer in config["layers"]]
            options = {key: config[key] for key in ("trainable", "name", "dtype") if key in config}
            model = cls(layers, **{key: deserialize_keras_object(v) for key, v in options.items()})
            shape = config.get("build_input_shape")
            if not model.built and shape and isinstance(shape, (list, tuple)):
                model.build(tuple(shape))
            return model

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes that the model was built with, or `None`."""
        if self._entry is None:
            return super().get_build_config()
        return {"input_shape": tuple(self._entry.batch_shape)}

    def __getstate__(self) -> dict[str, Any]:
        self._ensure_program()
        return {**super().__getstate__(), "_last": None}


def _readings(shape: tuple[int, ...]) -> list[tuple[int | None, ...]]:
    """Return what a shape may mean, with unknown sizes first where a trial gave them numbers."""
    unknown = tuple(None if is_unknown(size) else size for size in shape)
    return list(dict.fromkeys([unknown, (*unknown[:-1], *shape[-1:]), shape]))


def _is_wired(layer: Layer) -> bool:
    return (
        isinstance(layer, Model)
        and layer.built
        and (layer._program is not None or getattr(layer, "_entry", None) is not None)
    )


def _first_dtype(layer: Layer) -> str:
    return layer.input_dtype
