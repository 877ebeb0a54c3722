"""`Model`: a layer that can be trained, made from symbols or by subclassing."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from torchkeras import saving, tree
from torchkeras._base import device
from torchkeras._base.budget import bounded
from torchkeras._base.messages import did_you_mean, one_of
from torchkeras._base.naming import auto_name
from torchkeras._base.serialization import serialize_keras_object
from torchkeras._training.trainer import Trainer
from torchkeras.export import export_model
from torchkeras.layers.base.calling import first_argument
from torchkeras.layers.base.shapes import as_shape, map_shapes, shapes_of
from torchkeras.layers.layer import Layer
from torchkeras.saving import architecture

from . import functional_config
from .programmed import Programmed
from .quantization import quantize_layers
from .state_tree import read as read_state_tree
from .state_tree import write as write_state_tree
from .summary import print_summary


class Model(Trainer, Programmed):
    """A layer with `compile`, `fit`, `evaluate` and `predict`.

    Make one from symbols, `Model(inputs, outputs)`, or subclass it and define `call`. Either way it
    is an ordinary `nn.Module`.

    Args:
        *args: `inputs` and `outputs`, structures of symbols, for a functional model.
        **kwargs: The same by name, and the keyword arguments of `Layer`.

    Raises:
        ValueError: If the outputs cannot be reached from the inputs, or two layers share a name.

    Example:
        >>> import torchkeras
        >>> x = torchkeras.Input((3,))
        >>> model = torchkeras.Model(x, torchkeras.layers.Dense(2)(x))
        >>> model.output_shape
        (None, 2)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        inputs, outputs, kwargs = _functional_arguments(args, kwargs)
        functional = outputs is not None
        if functional and type(self) is Model:
            kwargs["name"] = kwargs.get("name") or auto_name("Functional")
        Layer.__init__(self, **kwargs)
        Trainer.__init__(self)
        object.__setattr__(self, "_input_layers", {})
        object.__setattr__(self, "_keys", {})
        if functional:
            self._wire(inputs, outputs)

    # Layers

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by name or by index.

        Args:
            name: The layer's name.
            index: Its place in `layers`.

        Raises:
            ValueError: If there is no such layer, or both or neither argument is given.
        """
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError(
                f"Give either `name` or `index`. Received: name={name!r}, index={index!r}."
            )
        if index is not None:
            if index >= len(layers):
                raise ValueError(
                    f"`index` must be below {len(layers)}, the number of layers. "
                    f"Received: index={index}."
                )
            return layers[index]
        found = [layer for layer in layers if layer.name == name]
        if not found:
            names = [layer.name for layer in layers]
            raise ValueError(
                f"No such layer: {name}. Existing layers are: {names}.{did_you_mean(name, names)}"
            )
        return found[0]

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[..., Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print a table of the layers, their output shapes and numbers of parameters.

        Args:
            line_length: The width of the table in characters.
            positions: The widths of the columns, as fractions of the width that add up.
            print_fn: Takes the text in place of the terminal.
            expand_nested: Whether models inside the model are shown layer by layer.
            show_trainable: Whether a column says if a layer is trained.
            layer_range: Patterns (or names) of the first and the last layer to show.
        """
        print_summary(
            self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range
        )

    # Building and placing

    def build(self, input_shape: Any) -> None:
        """Make all weights of a subclassed model by running `call` on shapes.

        Args:
            input_shape: The shape of the inputs, or a structure of shapes.
        """
        if self._program is not None or type(self).build is not Model.build:
            return
        symbols = map_shapes(self._input_symbol, input_shape)
        self._probe((symbols,), {})

    def build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if type(self).build is Model.build:
            object.__setattr__(self, "_build_arguments", self._shapes_given(args, kwargs))
            self.built = True
        else:
            super().build_for(args, kwargs)

    def _shapes_given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the shapes of the arguments that have one, as a file keeps them."""
        named = dict(zip(self.call_spec.names, args, strict=False)) | kwargs
        shapes = {f"{name}_shape": shapes_of(value) for name, value in named.items()}
        found = {name: shape for name, shape in shapes.items() if tree.flatten(shape) != [None]}
        if len(found) > 1:
            return found
        return {"input_shape": shapes_of(first_argument(self, args, kwargs))}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build the model as `get_build_config()` says.

        Args:
            config: What `get_build_config()` returned.
        """
        shapes = (config or {}).get("shapes_dict")
        if not shapes or type(self).build is not Model.build:
            super().build_from_config(config)
            return
        named = {name.removesuffix("_shape"): as_shape(shape) for name, shape in shapes.items()}
        symbols = {name: map_shapes(self._input_symbol, shape) for name, shape in named.items()}
        self._probe((), symbols)

    def _can_be_called(self) -> bool:
        return self._program is not None or type(self).call is not Programmed.call

    def _place_for_run(self) -> None:
        """Move the model to the best device, unless the user has chosen one."""
        if self._placed:
            return
        chosen = any(isinstance(m, Layer) and m._placed for m in self.modules())
        chosen = chosen or any(p.device.type != "cpu" for p in self.parameters())
        if not chosen:
            self.to(device.running())
        object.__setattr__(self, "_placed", True)

    # Saving

    def save(
        self,
        filepath: "str | os.PathLike[str]",
        overwrite: bool = True,
        zipped: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Write the whole model to a file; see `torchkeras.saving.save_model`.

        Args:
            filepath: The file.
            overwrite: Whether a file that exists is replaced without asking.
            zipped: Whether the file is one archive.
            **kwargs: `include_optimizer`, `max_shard_size`.
        """
        saving.save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(
        self,
        filepath: "str | os.PathLike[str]",
        overwrite: bool = True,
        max_shard_size: float | None = None,
    ) -> None:
        """Write the weights to a file; see `torchkeras.saving.save_weights`.

        Args:
            filepath: A file that ends in `.weights.h5`, `.weights.json` or `.safetensors`.
            overwrite: Whether a file that exists is replaced without asking.
            max_shard_size: The largest size of one file, in GB.
        """
        saving.save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(
        self, filepath: "str | os.PathLike[str]", skip_mismatch: bool = False, **kwargs: Any
    ) -> None:
        """Read the weights from a file; see `torchkeras.saving.load_weights`.

        Args:
            filepath: A file that ends in `.weights.h5` or `.safetensors`.
            skip_mismatch: Whether weights that do not fit are left alone, with a warning.
            **kwargs: `objects_to_skip`, layers that are left alone.
        """
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(
        self,
        filepath: "str | os.PathLike[str]",
        format: str = "torch",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Write the forward pass as a program; see `torchkeras.export.export_model`.

        Args:
            filepath: A file that ends in `.pt2` or, for ONNX, in `.onnx`.
            format: `"torch"` or `"onnx"`.
            verbose: Whether a line says where the file is; by default, it does.
            input_signature: A list with one structure of symbols, `InputSpec`s or tensors for each
                argument of the call; `None` for models that know their inputs.
            **kwargs: Passed to `torch.export.export` or `torch.onnx.export`.
        """
        export_model(self, filepath, format, verbose, input_signature, **kwargs)

    def quantize(  # type: ignore[override]
        self, mode: str | None = None, config: Any = None, filters: Any = None, **kwargs: Any
    ) -> None:
        """Keep the weights of the model's layers in smaller numbers from now on.

        Layers with weights that have no quantized form stay as they are, with a warning.

        Args:
            mode: `"int8"`, `"int4"`, `"float8"`, `"gptq"` or `"awq"`; that of the config if not
                given.
            config: A `QuantizationConfig`; the usual one of the mode if not given.
            filters: Which layers: a regular expression that is searched in their names, a list of
                them, or a function of a layer.
            **kwargs: `type_check`: whether subclasses of layers are left out (they are).

        Raises:
            ValueError: If the model is not built, quantized already, or the arguments are wrong.

        Example:
            >>> import torchkeras
            >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
            >>> model.quantize("int8")
            >>> [weight.dtype for weight in model.weights]
            ['float32', 'int8', 'float32']
        """
        type_check = kwargs.pop("type_check", True)
        if kwargs:
            raise ValueError(
                f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}"
            )
        quantize_layers(self, mode, config, filters, type_check)
        self.train_function = self.test_function = self.predict_function = None

    def get_quantization_layer_structure(self, mode: str | None = None) -> None:
        """Return the blocks that a quantization mode works on: none, unless a subclass says so.

        Args:
            mode: The quantization mode.
        """

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """Return all variables, nested by the parts of their paths.

        Args:
            value_format: `"backend_tensor"` for tensors or `"numpy_array"` for arrays.

        Returns:
            A dictionary with the keys `trainable_variables`, `non_trainable_variables`,
            `optimizer_variables` and `metrics_variables`.
        """
        one_of("value_format", value_format, ("backend_tensor", "numpy_array"))
        return read_state_tree(self, value_format == "numpy_array")

    def set_state_tree(self, state_tree: Mapping[str, Any]) -> None:
        """Give variables the values that `get_state_tree` returned.

        Args:
            state_tree: All of that dictionary, or some of its keys.
        """
        write_state_tree(self, state_tree)

    # Config

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes an equal model from."""
        if self._program is None or type(self).__init__ is not Model.__init__:
            return super().get_config()
        return functional_config.encode(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make the model that a config describes.

        Args:
            config: What `get_config()` returned.
            custom_objects: Classes and functions by name, besides the registered ones.
        """
        if "layers" in config and "input_layers" in config:
            with bounded():
                return functional_config.decode(cls, config, custom_objects)
        return super().from_config(config)

    def to_json(self, **kwargs: Any) -> str:
        """Return the architecture as JSON, for `model_from_json`.

        Args:
            **kwargs: Passed to `json.dumps`.
        """
        return architecture.to_json(self, **kwargs)

    def to_yaml(self, **kwargs: Any) -> str:
        """Return the architecture as YAML, for `model_from_yaml`; PyYAML must be installed.

        Args:
            **kwargs: Passed to `yaml.safe_dump`.
        """
        return architecture.to_yaml(self, **kwargs)

    def _extra_serialization(self) -> dict[str, Any]:
        extra = super()._extra_serialization()
        if type(self) is Model and self._program is not None:
            extra.update(
                module="keras.src.models.functional",
                class_name="Functional",
                registered_name="Functional",
                build_config={"input_shape": None},
            )
        return {**extra, "compile_config": serialize_keras_object(self.get_compile_config())}

    def __repr__(self) -> str:
        functional = type(self) is Model and self._program is not None
        kind = "Functional" if functional else type(self).__name__
        return f"<{kind} name={self.name}, built={self.built}>"


def _functional_arguments(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Any, dict[str, Any]]:
    positional = dict(zip(("inputs", "outputs", "name"), args, strict=False))
    merged = {**kwargs, **positional}
    inputs, outputs = merged.pop("inputs", None), merged.pop("outputs", None)
    if (inputs is None) != (outputs is None):
        raise ValueError(
            "A functional model needs both `inputs` and `outputs`. Received: "
            f"inputs={inputs!r}, outputs={outputs!r}."
        )
    return inputs, outputs, merged
