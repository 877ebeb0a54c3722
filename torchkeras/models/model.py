"""`Model`: a layer that can be trained, and the functional model that a program describes."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from torchkeras import tree
from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import did_you_mean
from torchkeras._base.naming import auto_name
from torchkeras._base.nested import fill_leaves, leaves_of
from torchkeras._base.serialization import serialize_keras_object
from torchkeras._state.tracked import children_of
from torchkeras._symbolic.program import Program, Ref, Step, trace
from torchkeras._symbolic.tensor import KerasTensor, Node, fresh, is_keras_tensor
from torchkeras._training.trainer import Trainer
from torchkeras.layers.base.call_spec import CallSpec
from torchkeras.layers.base.calling import cast
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.base.shapes import map_shapes
from torchkeras.layers.core.input_layer import InputLayer
from torchkeras.layers.layer import Layer

from . import functional_config
from .summary import print_summary

_ONE_INPUT = CallSpec(("inputs",), takes_training=False, mask_names={}, required=1)


class Model(Trainer, Layer):
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

    _program: Program | None = None
    _run: Callable[..., Any] | None = None
    _symbols: tuple[Any, Any] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        inputs, outputs, kwargs = _functional_arguments(args, kwargs)
        functional = outputs is not None
        if functional and type(self) is Model:
            kwargs["name"] = kwargs.get("name") or auto_name("Functional")
        Layer.__init__(self, **kwargs)
        Trainer.__init__(self)
        object.__setattr__(self, "_input_layers", {})
        if functional:
            self._wire(inputs, outputs)

    # Functional models

    def _wire(self, inputs: Any, outputs: Any) -> None:
        """Take the program that leads from `inputs` to `outputs`, and register its layers."""
        _check_symbols("inputs", inputs)
        _check_symbols("outputs", outputs)
        steps: dict[str, Any] = {}

        def name_of(node: Node) -> str:
            name = node.target.name if isinstance(node.target, Layer) else _output_name(node)
            if steps.setdefault(name, node.target) is not node.target:
                raise ValueError(
                    f"All layers of a model must have different names. Received two called {name!r}: "
                    f"{steps[name]!r} and {node.target!r}. Give one of them another `name`."
                )
            return name

        program = trace(inputs, outputs, name_of, _declare)
        for name, target in steps.items():
            if isinstance(target, InputLayer):
                self._input_layers[name] = target
            elif isinstance(target, Layer):
                self._modules[_module_key(name)] = target
                if target.training != self.training:
                    target.train(self.training)
        self._keep_constants(program)
        object.__setattr__(self, "_program", program)
        object.__setattr__(self, "_symbols", (inputs, outputs))
        object.__setattr__(self, "_run", None)
        object.__setattr__(self, "_input_spec", None)
        self.built = True

    def _keep_constants(self, program: Program) -> None:
        for index, value in enumerate(program.constants):
            if isinstance(value, nn.Parameter):
                self._parameters[f"constant_{index}"] = value
            elif isinstance(value, Tensor):
                self.register_buffer(f"constant_{index}", value, persistent=False)

    def _runner(self) -> Callable[..., Any]:
        """Return the program's function, made when it is first needed."""
        assert self._program is not None
        if torch.compiler.is_compiling():
            return self._interpret
        layers = {layer.name: layer for layer in self.layers}
        object.__setattr__(self, "_run", self._program.bind(layers, self))
        return self._run  # type: ignore[return-value]

    def _interpret(self, *inputs: Tensor) -> Any:
        """Run the program step by step, where its function is not made yet and cannot be."""
        assert self._program is not None
        given = iter(inputs)

        def call(step: Step, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if step.is_input:
                return next(given)
            target: Any = step.target
            module = self._modules[_module_key(target)] if step.is_layer else target
            return module(*args, **kwargs)

        return self._program.replay(call)[1]

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Run the functional model; a subclassed model defines its own `call`.

        Args:
            inputs: A tensor, or the structure of tensors of the model's inputs.
            training: Kept for Keras's signature; the module's mode counts.
            mask: Kept for Keras's signature; masks travel on the tensors.
        """
        if self._program is None:
            raise NotImplementedError(
                f"Model {type(self).__name__!r} has no `call` method. Define `call(self, inputs)`, "
                "or make the model from symbols with `Model(inputs, outputs)`."
            )
        run = self._run or self._runner()
        if type(inputs) is Tensor and self._takes_one:
            return run(inputs)
        return run(*self._flat_inputs(inputs))

    call.spec = _ONE_INPUT  # type: ignore[attr-defined]

    @property
    def _takes_one(self) -> bool:
        return isinstance(self._program.inputs, Ref)  # type: ignore[union-attr]

    def _flat_inputs(self, inputs: Any) -> list[Any]:
        """Return the inputs in the order of the program, by name where they are a dictionary."""
        structure = self._program.inputs  # type: ignore[union-attr]
        names = self.input_names
        if isinstance(inputs, dict) and not isinstance(structure, dict):
            missing = [name for name in names if name not in inputs]
            if missing:
                raise ValueError(
                    f"Model {self.name!r} has the inputs {names}. Received a dictionary with the "
                    f"keys {list(inputs)}, in which {missing} are missing."
                )
            return [inputs[name] for name in names]
        if isinstance(inputs, dict) and isinstance(structure, dict):
            inputs = {key: inputs[key] for key in structure if key in inputs}
        return leaves_of(inputs)

    def fit_arguments(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Bring the inputs of a functional model into the declared ranks and dtypes."""
        if self._program is None or not args:
            return args
        refs = leaves_of(self._program.inputs)
        specs = [self._program.steps[ref.step].outputs for ref in refs]
        flat = self._flat_inputs(args[0])
        if len(flat) != len(specs):
            return args
        fitted = [_fit(x, spec) for x, spec in zip(flat, specs, strict=True)]
        packed = fill_leaves(self._program.inputs, fitted)
        return (packed, *args[1:])

    def finish_call(self, inputs: Any, previous_mask: Any, outputs: Any) -> Any:
        if self._program is not None:
            previous_mask = None
        return super().finish_call(inputs, previous_mask, outputs)

    @property
    def input_spec(self) -> Any:
        """What the inputs must look like."""
        if self._program is None or self._input_spec is not None:
            return self._input_spec
        spec = tree.map_structure(self._spec_of_input, self._program.inputs)
        object.__setattr__(self, "_input_spec", spec)
        return spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        object.__setattr__(self, "_input_spec", value)

    def _spec_of_input(self, ref: Any) -> InputSpec:
        step = self._program.steps[ref.step]  # type: ignore[union-attr]
        shape = (None, *step.outputs.shape[1:])
        optional = (
            self._input_layers[step.name].optional if step.name in self._input_layers else False
        )
        return InputSpec(
            shape=shape, allow_last_axis_squeeze=True, name=step.name, optional=optional
        )

    def _replayed(self) -> tuple[Any, Any]:
        """Return the symbols of inputs and outputs, made again after a copy."""
        if self._symbols is None:
            assert self._program is not None
            object.__setattr__(self, "_symbols", self._program.replay(self._record_step))
        assert self._symbols is not None
        return self._symbols

    def _record_step(self, step: Step, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        outputs = tree.map_structure(lambda leaf: fresh(leaf, "keras_tensor"), step.outputs)
        if step.is_input or not step.is_layer:
            tree.flatten(outputs)[0].name = step.name
        target: Any = step.target
        if isinstance(target, str):
            target = self._input_layers.get(target) or self._modules[_module_key(target)]
        node = Node(target, args, kwargs, outputs)
        if isinstance(target, Layer):
            target._nodes.append(node)
        return outputs

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbols of the inputs, as a flat list."""
        return tree.flatten(self.input)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbols of the outputs, as a flat list."""
        return tree.flatten(self.output)

    @property
    def input(self) -> Any:
        """The symbols of the inputs, as they were given."""
        return super().input if self._program is None else self._replayed()[0]

    @property
    def output(self) -> Any:
        """The symbols of the outputs, as they were given."""
        return super().output if self._program is None else self._replayed()[1]

    @property
    def input_shape(self) -> Any:
        """The shapes of the inputs."""
        return tree.map_structure(lambda symbol: symbol.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """The shapes of the outputs."""
        return tree.map_structure(lambda symbol: symbol.shape, self.output)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        if self._program is None:
            return []
        return [self._program.steps[ref.step].name for ref in leaves_of(self._program.inputs)]

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that the outputs come from."""
        if self._program is None:
            return []
        return [self._program.steps[ref.step].name for ref in leaves_of(self._program.outputs)]

    @property
    def program(self) -> Program | None:
        """The steps of a functional model; printing it shows the code that runs."""
        return self._program

    # Layers

    @property
    def layers(self) -> list[Layer]:
        """The layers directly below the model, in Keras's order."""
        if self._program is None:
            return [child for child in children_of(self) if isinstance(child, Layer)]
        names = dict.fromkeys(step.name for step in self._program.steps if step.is_layer)
        return [self._input_layers.get(name) or self._modules[_module_key(name)] for name in names]

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError(
            "`Model.layers` cannot be set: it lists what the model consists of. Use another name."
        )

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
            self.built = True
        else:
            super().build_for(args, kwargs)

    def _place_for_run(self) -> None:
        """Move the model to the best device, unless the user has chosen one."""
        if self._placed:
            return
        chosen = any(isinstance(m, Layer) and m._placed for m in self.modules())
        chosen = chosen or any(p.device.type != "cpu" for p in self.parameters())
        if not chosen:
            self.to(device.running())
        object.__setattr__(self, "_placed", True)

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
            return functional_config.decode(cls, config, custom_objects)
        return super().from_config(config)

    def to_json(self, **kwargs: Any) -> str:
        """Return the architecture as JSON, for `model_from_json`.

        Args:
            **kwargs: Passed to `json.dumps`.
        """
        return json.dumps(serialize_keras_object(self), **kwargs)

    def _extra_serialization(self) -> dict[str, Any]:
        extra = super()._extra_serialization()
        if type(self) is Model and self._program is not None:
            extra.update(
                module="keras.src.models.functional",
                class_name="Functional",
                registered_name="Functional",
                build_config={"input_shape": None},
            )
        if self.compiled:
            extra["compile_config"] = self.get_compile_config()
        return extra

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_run": None, "_symbols": None}

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


def _check_symbols(argument: str, structure: Any) -> None:
    leaves = tree.flatten(structure)
    for leaf in leaves:
        if not is_keras_tensor(leaf):
            raise ValueError(
                f"All `{argument}` of a functional model must be symbols, which begin with "
                f"`Input(shape)`. Received: {argument}={structure!r}."
            )
    if not leaves:
        raise ValueError(f"`{argument}` must not be empty. Received: {structure!r}.")


def _declare(symbol: KerasTensor) -> Node:
    """Return an input node for a symbol in the middle of a graph."""
    layer = InputLayer(batch_shape=symbol.shape, dtype=symbol.dtype, name=symbol.name)
    return layer._nodes[0]


def _output_name(node: Node) -> str:
    return str(tree.flatten(node.outputs)[0].name)


def _module_key(name: str) -> str:
    return name.replace(".", "_")


def _fit(x: Any, spec: Any) -> Any:
    """Return a tensor in the rank and dtype of a declared input."""
    if not isinstance(x, Tensor):
        return x
    rank, wanted = x.dim(), len(spec.shape)
    if rank == wanted - 1 and spec.shape[-1] == 1:
        x = x.unsqueeze(-1)
    elif rank == wanted + 1 and x.shape[-1] == 1:
        x = x.squeeze(-1)
    return x if x.dtype is to_torch(spec.dtype) else cast(x, to_torch(spec.dtype))
