"""The functional part of a model: a program, its symbols and its inputs."""

import re
import warnings
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from torchkeras import tree
from torchkeras._base.naming import free_name, to_snake_case
from torchkeras._base.nested import fill_leaves, leaves_of, map_leaves, unpack_singleton
from torchkeras._state.tracked import children_of
from torchkeras._symbolic.probe import ValueDependent
from torchkeras._symbolic.program import Program, Ref, Step, trace
from torchkeras._symbolic.tensor import KerasTensor, Node, fresh, is_keras_tensor
from torchkeras.layers.base.call_spec import CallSpec
from torchkeras.layers.base.calling import GIVEN_MODE
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.base.plain import is_traced
from torchkeras.layers.core.input_layer import InputLayer
from torchkeras.layers.layer import Layer

from .declared import fit_symbol, fit_value
from .late_rectifier import rectify_late

# Attributes that only objects have, not their class.
_TAKEN = {"name", "training", "autocast", "optimizer", "loss", "stop_training"}
_ONE_INPUT = CallSpec(("inputs",), takes_training=False, mask_names={}, required=1)


class Programmed(Layer):
    """A layer that may be described by a program rather than by a `call` of its own."""

    _program: Program | None = None
    _run: Callable[..., Any] | None = None
    _symbols: tuple[Any, Any] | None = None
    _input_layers: dict[str, InputLayer]
    _keys: dict[str, str]  # of layers in `_modules`, by the layer's name

    def _wire(self, inputs: Any, outputs: Any) -> None:
        """Take the program that leads from `inputs` to `outputs`, and register its layers."""
        check_symbols("inputs", inputs)
        check_symbols("outputs", outputs)
        steps: dict[str, Any] = {}

        def name_of(node: Node) -> str:
            name = node.target.name if isinstance(node.target, Layer) else _output_name(node)
            if steps.setdefault(name, node.target) is not node.target:
                raise ValueError(
                    "All layers of a model must have different names. Received two called "
                    f"{name!r}: {steps[name]!r} and {node.target!r}. Give one another `name`."
                )
            return name

        program = trace(inputs, outputs, name_of, declare)
        for name, target in steps.items():
            if isinstance(target, InputLayer):
                self._input_layers[name] = target
            elif isinstance(target, Layer):
                self._register_layer(target)
        self._keep_constants(program)
        object.__setattr__(self, "_program", program)
        object.__setattr__(self, "_symbols", (inputs, outputs))
        object.__setattr__(self, "_run", None)
        object.__setattr__(self, "_input_spec", None)
        self.built = True

    def _register_layer(self, layer: Layer) -> None:
        """Register a layer with torch, under a key that is the same in every equal model."""
        if layer.name not in self._keys:
            self._keys[layer.name] = free_name(_stem(layer), set(self._keys.values()))
        self._modules[self._keys[layer.name]] = layer
        if layer.training != self.training:
            layer.train(self.training)

    def _layer_called(self, name: str) -> Any:
        return self._input_layers.get(name) or self._modules[self._keys[name]]

    @property
    def counts_own_wiring(self) -> bool:
        """Whether Keras's configs count the model's own wiring as its first call."""
        return self._program is not None

    def _ensure_program(self) -> None:
        """Write the program down, where that has been put off."""

    def _keep_constants(self, program: Program) -> None:
        for index, value in enumerate(program.constants):
            if isinstance(value, nn.Parameter):
                self._parameters[f"constant_{index}"] = value
            elif isinstance(value, Tensor):
                self.register_buffer(f"constant_{index}", value, persistent=False)

    def _runner(self) -> Callable[..., Any]:
        """Return the program's function, made when it is first needed."""
        program = self._program
        assert program is not None
        if is_traced():
            return self._interpret
        layers = {layer.name: layer for layer in self.layers}
        run = program.bind(layers, self, rectify_late)
        if program.fixes_modes:
            run = _told(run, program.without_modes().bind(layers, self, rectify_late))
        object.__setattr__(self, "_run", run)
        return run

    def _interpret(self, *inputs: Tensor) -> Any:
        """Run the program step by step, where its function is not made yet and cannot be."""
        assert self._program is not None
        given, free = iter(inputs), GIVEN_MODE.wins

        def call(step: Step, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if step.is_input:
                return next(given)
            if free:
                kwargs.pop("training", None)
            target: Any = step.target
            if step.is_layer:
                target = self._layer_called(target)
            return target(*args, **kwargs)

        return unpack_singleton(self._program.replay(call)[1])

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
        run: Any = self._run
        if run is None:
            run = self._runner()
        if type(inputs) is Tensor and self._takes_one:
            return run(inputs)
        return run(*self._flat_inputs(inputs))

    call.spec = _ONE_INPUT  # type: ignore[attr-defined]

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shapes and dtypes of the outputs as symbols.

        Args:
            *args: Symbols.
            **kwargs: Symbols and settings.
        """
        if self.takes_text and self._program is not None:
            return self._spec_by_layers(args[0])
        try:
            return super().compute_output_spec(*args, **kwargs)
        except ValueDependent:
            if self._program is None:
                raise
            return self._spec_by_layers(args[0])

    def _spec_by_layers(self, inputs: Any) -> Any:
        """Ask layer after layer, as text and layers that need values have no trial run."""
        given = iter(self._flat_inputs(inputs))

        def call(step: Step, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if step.is_input:
                return fit_symbol(next(given), step.outputs)
            target: Any = step.target
            if step.is_layer:
                target = self._layer_called(target).compute_output_spec
            return target(*args, **kwargs)

        assert self._program is not None
        return unpack_singleton(self._program.replay(call)[1])

    @property
    def takes_text(self) -> bool:  # type: ignore[override]
        """Whether an input is declared to be strings, or a layer of a subclassed model is one."""
        self._ensure_program()
        if self._program is None:
            return any(layer.takes_text for layer in self.layers)
        refs = leaves_of(self._program.inputs)
        return any(self._program.steps[ref.step].outputs.dtype == "string" for ref in refs)

    @property
    def _takes_one(self) -> bool:
        return isinstance(self._program.inputs, Ref)  # type: ignore[union-attr]

    def _flat_inputs(self, inputs: Any) -> list[Any]:
        """Return the inputs in the order of the program, by name where they are a dictionary."""
        structure = self._program.inputs  # type: ignore[union-attr]
        names = self.input_names
        if isinstance(inputs, dict):
            by_key = isinstance(structure, dict) and structure.keys() <= inputs.keys()
            by_name = not by_key and inputs.keys() >= set(names)
            keyed = isinstance(structure, dict) and not by_name
            names = list(structure) if keyed else names
            missing = [name for name in names if name not in inputs]
            if missing:
                raise ValueError(
                    f"Missing data for input {missing[0]!r}: model {self.name!r} has the inputs "
                    f"{names}. Received a dictionary with the keys {list(inputs)}."
                )
            if keyed:
                if len(inputs) > len(names) and not is_traced():
                    self._warn_of_more(names, list(inputs))
                return leaves_of({name: inputs[name] for name in names})
            return [inputs[name] for name in names]
        if isinstance(structure, dict) and len(names) > 1 and isinstance(inputs, (list, tuple)):
            self._question_list(list(structure), inputs)
        return leaves_of(inputs)

    def _warn_of_more(self, keys: list[str], given: list[Any]) -> None:
        """Say which items of a dictionary no input has asked for."""
        more = [key for key in given if key not in keys]
        warnings.warn(
            f"Model {self.name!r} has the inputs {keys}, and leaves {more} out of a dictionary "
            f"with the keys {given}.",
            stacklevel=2,
        )

    def _question_list(self, keys: list[str], inputs: list[Any] | tuple[Any, ...]) -> None:
        """Warn of a list for named inputs; refuse it where their order does not say which is which.

        Raises:
            ValueError: If the names are not in alphabetical order, the one in which Keras takes
                the items of a list.
        """
        text = (
            f"Model {self.name!r} has named inputs, so it takes a dictionary with the keys "
            f"{keys}. Received: a {type(inputs).__name__} of {len(inputs)}."
        )
        if keys != sorted(keys):
            raise ValueError(text)
        warnings.warn(f"{text} Its items are taken in this order.", stacklevel=2)

    def fit_arguments(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Bring the inputs of a functional model into the declared ranks and dtypes."""
        self._ensure_program()
        if self._program is None or not args:
            return args
        refs = leaves_of(self._program.inputs)
        specs = [self._program.steps[ref.step].outputs for ref in refs]
        flat = self._flat_inputs(args[0])
        if len(flat) != len(specs):
            return args
        fitted = [fit_value(x, spec) for x, spec in zip(flat, specs, strict=True)]
        packed = fill_leaves(self._program.inputs, fitted)
        return (packed, *args[1:])

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the model on symbols; as in Keras, these stay in a list of one, and tensors do not.

        Args:
            *args: Symbols.
            **kwargs: Symbols and settings.
        """
        outputs = super().symbolic_call(*args, **kwargs)
        structure: Any = None if self._program is None else self._program.outputs
        return outputs if unpack_singleton(structure) is structure else type(structure)([outputs])

    def finish_call(self, inputs: Any, previous_mask: Any, outputs: Any) -> Any:
        if self._program is not None:
            previous_mask = None
        return super().finish_call(inputs, previous_mask, outputs)

    @property
    def input_spec(self) -> Any:
        """What the inputs must look like."""
        self._ensure_program()
        if self._program is None or self._input_spec is not None:
            return self._input_spec
        spec = map_leaves(self._spec_of_input, self._program.inputs)
        if not is_traced():
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
            target = self._layer_called(target)
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
        """The shape of the input, or a list of the shapes of several."""
        return _one_or_all([symbol.shape for symbol in self.inputs])

    @property
    def output_shape(self) -> Any:
        """The shape of the output, or a list of the shapes of several."""
        return _one_or_all([symbol.shape for symbol in self.outputs])

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        self._ensure_program()
        if self._program is None:
            return []
        return [self._program.steps[ref.step].name for ref in leaves_of(self._program.inputs)]

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that the outputs come from."""
        self._ensure_program()
        if self._program is None:
            return []
        return [self._program.steps[ref.step].name for ref in leaves_of(self._program.outputs)]

    @property
    def program(self) -> Program | None:
        """The steps of a functional model; printing it shows the code that runs."""
        self._ensure_program()
        return self._program

    @property
    def layers(self) -> list[Layer]:
        """The layers directly below the model, in Keras's order."""
        if self._program is None:
            return [child for child in children_of(self) if isinstance(child, Layer)]
        if self._symbols is None:
            self._replayed()  # so that the layers of a copy have their symbols too
        names = dict.fromkeys(step.name for step in self._program.steps if step.is_layer)
        return [self._layer_called(name) for name in names]

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError(
            "`Model.layers` cannot be set: it lists what the model consists of. Use another name."
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_run": None, "_symbols": None}


def check_symbols(argument: str, structure: Any) -> None:
    leaves = tree.flatten(structure)
    for leaf in leaves:
        if not is_keras_tensor(leaf):
            raise ValueError(
                f"All `{argument}` of a functional model must be symbols, which begin with "
                f"`Input(shape)`. Received: {argument}={structure!r}."
            )
    if not leaves:
        raise ValueError(f"`{argument}` must not be empty. Received: {structure!r}.")


def declare(symbol: KerasTensor) -> Node:
    """Return an input node for a symbol in the middle of a graph."""
    layer = InputLayer(batch_shape=symbol.shape, dtype=symbol.dtype, name=symbol.name)
    return layer._nodes[0]


def _output_name(node: Node) -> str:
    return str(tree.flatten(node.outputs)[0].name)


def _stem(layer: Layer) -> str:
    """Return the start of a layer's key: its name without the count of automatic names.

    Two models made alike then have one `state_dict`. A key must not hide an attribute of the model.
    """
    automatic = to_snake_case(type(layer).__name__)
    counted = re.fullmatch(rf"{automatic}(_\d+)?", layer.name)
    stem = automatic if counted else layer.name.replace(".", "_")
    return f"{stem}_layer" if hasattr(Programmed, stem) or stem in _TAKEN else stem


def _told(fixed: Callable[..., Any], free: Callable[..., Any]) -> Callable[..., Any]:
    """Return what runs as the graph has it, unless a running call was told `training`."""

    def run(*inputs: Tensor) -> Any:
        return free(*inputs) if GIVEN_MODE.wins else fixed(*inputs)

    return run


def _one_or_all(shapes: list[Any]) -> Any:
    return shapes[0] if len(shapes) == 1 else shapes
