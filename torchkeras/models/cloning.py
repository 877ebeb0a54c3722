"""`clone_model`: the same architecture again, with layers and weights of its own."""

import copy
from collections.abc import Callable
from typing import Any

from torch import nn

from torchkeras import tree
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._symbolic.program import Program, Step
from torchkeras._symbolic.tensor import KerasTensor, is_keras_tensor, record
from torchkeras.layers.core.input_layer import Input, InputLayer
from torchkeras.layers.core.lambda_layer import Lambda
from torchkeras.layers.core.torch_module_wrapper import TorchModuleWrapper
from torchkeras.layers.layer import Layer

from .model import Model
from .sequential import Sequential

_CloneLayer = Callable[[Any], Any]


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: _CloneLayer | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """Return a model of the same architecture, with new layers whose weights start afresh.

    Args:
        model: A sequential or functional model, or a subclassed one with a config.
        input_tensors: Symbols to build upon; new inputs if not given.
        clone_function: Takes a layer, and returns what stands in its place; a new layer made from
            the config if not given.
        call_function: Takes a layer of a functional model and the arguments of its call, and
            returns the outputs; the plain call if not given.
        recursive: Whether models inside the model are cloned layer by layer too.
        **kwargs: Nothing more.

    Raises:
        ValueError: If an argument does not fit the kind of model.

    Example:
        >>> import torchkeras
        >>> from torchkeras import layers
        >>> model = torchkeras.Sequential([layers.Input((4,)), layers.Dense(3)])
        >>> torchkeras.models.clone_model(model).layers[0].units
        3
    """
    cache = kwargs.pop("cache", None)
    if kwargs:
        raise ValueError(f"Unexpected keyword argument(s): {tuple(kwargs)}")
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError(
                "`call_function` only works with functional models: a Sequential calls its layers "
                f"itself. Received: call_function={call_function!r} for {model!r}."
            )
        clone = _remembering(clone_function, None, recursive, cache)
        return _like(model, _clone_sequential(model, clone, input_tensors))
    if _is_known(model):
        clone = _remembering(clone_function, call_function, recursive, cache)
        return _like(model, _clone_functional(model, clone, call_function, input_tensors))
    for argument in ("input_tensors", "clone_function", "call_function"):
        if locals()[argument] is not None:
            raise ValueError(
                f"`{argument}` only works with sequential and functional models, whose layers are "
                f"known. Received: {argument}={locals()[argument]!r} for {model!r}."
            )
    own = {type(model).__name__: type(model)}
    return deserialize_keras_object(serialize_keras_object(model), custom_objects=own)


def _like(model: Model, clone: Model) -> Model:
    """Compile a clone as its model is compiled."""
    if model.compiled:
        clone.compile_from_config(model.get_compile_config())
    return clone


def _remembering(
    clone_function: _CloneLayer | None,
    call_function: Callable[..., Any] | None,
    recursive: bool,
    cache: dict[int, Any] | None,
) -> _CloneLayer:
    """Return a function that clones each layer once, and models inside the model as asked."""
    if clone_function is not None and not callable(clone_function):
        raise ValueError(
            f"`clone_function` must be callable. Received: clone_function={clone_function!r}."
        )
    plain = clone_function or _clone_layer
    known: dict[int, Any] = {} if cache is None else cache

    def clone(layer: Layer) -> Any:
        if id(layer) not in known:
            if recursive and isinstance(layer, Model) and _is_known(layer):
                call = None if isinstance(layer, Sequential) else call_function
                made = clone_model(
                    layer,
                    clone_function=clone,
                    call_function=call,
                    recursive=True,
                    cache=known,
                )
            else:
                made = plain(layer)
            known[id(layer)] = made
        return known[id(layer)]

    return clone


def _is_known(model: Model) -> bool:
    return isinstance(model, Sequential) or model.program is not None


def _clone_layer(layer: Layer) -> Layer:
    """Return a new layer made from a layer's config; code and torch modules are copied."""
    if isinstance(layer, Lambda):
        return copy.deepcopy(layer)
    if isinstance(layer, TorchModuleWrapper):
        copied = copy.deepcopy(layer)
        copied.module.apply(_start_afresh)
        return copied
    return type(layer).from_config(layer.get_config())


def _start_afresh(module: nn.Module) -> None:
    reset = getattr(module, "reset_parameters", None)
    if callable(reset):
        reset()


def _clone_sequential(model: Sequential, clone: _CloneLayer, input_tensors: Any) -> Sequential:
    layers = [clone(layer) for layer in model.layers]
    entry: InputLayer | None = model._entry
    if input_tensors is not None:
        symbol = _single(input_tensors)
        layers.insert(0, Input(tensor=symbol, name=entry.name if entry else None))
    elif entry is not None:
        layers.insert(0, InputLayer.from_config(entry.get_config()))
    return Sequential(layers, name=model.name, trainable=model.trainable)


def _single(input_tensors: Any) -> KerasTensor:
    flat = input_tensors if isinstance(input_tensors, (list, tuple)) else [input_tensors]
    if len(flat) != 1 or not is_keras_tensor(flat[0]):
        raise ValueError(
            "`input_tensors` must be one symbol, such as `Input(shape)`, for a Sequential. "
            f"Received: input_tensors={input_tensors!r}."
        )
    symbol: KerasTensor = flat[0]
    return symbol


def _clone_functional(
    model: Model,
    clone: _CloneLayer,
    call_function: Callable[..., Any] | None,
    input_tensors: Any,
) -> Model:
    program = model.program
    assert program is not None
    if input_tensors is None:
        input_tensors = tree.map_structure(lambda ref: _input(model, ref.step), program.inputs)
    else:
        _check_inputs(input_tensors, model)
    inputs, outputs = _replay(model, program, clone, call_function, input_tensors)
    plain_class = type(model).__init__ is Model.__init__
    return (type(model) if plain_class else Model)(inputs, outputs, name=model.name)


def _input(model: Model, index: int) -> KerasTensor:
    """Return a new symbol for an input of a model."""
    assert model.program is not None
    layer = model.get_layer(model.program.steps[index].name)
    return InputLayer.from_config(layer.get_config()).output


def _check_inputs(input_tensors: Any, model: Model) -> None:
    if not all(is_keras_tensor(symbol) for symbol in tree.flatten(input_tensors)):
        raise ValueError(
            "`input_tensors` must hold symbols, such as `Input(shape)`. "
            f"Received: input_tensors={input_tensors!r}."
        )
    try:
        tree.assert_same_structure(input_tensors, model.input)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"`input_tensors` must have the structure of the model's inputs, {model.input!r}. "
            f"Received: input_tensors={input_tensors!r}."
        ) from error


def _replay(
    model: Model,
    program: Program,
    clone: _CloneLayer,
    call_function: Callable[..., Any] | None,
    input_tensors: Any,
) -> tuple[Any, Any]:
    """Run the steps of a program on new symbols, with clones in place of its layers."""
    refs = tree.flatten(program.inputs)
    given = {
        id(program.steps[ref.step]): symbol
        for ref, symbol in zip(refs, tree.flatten(input_tensors), strict=True)
    }

    def call(step: Step, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if id(step) in given:
            return given[id(step)]
        if not isinstance(step.target, str):
            return _call_step(step, step.target, call_function, args, kwargs)
        target = clone(model.get_layer(step.target))
        return (call_function or _plain_call)(target, *args, **kwargs)

    return program.replay(call)


def _plain_call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    return layer(*args, **kwargs)


def _call_step(
    step: Step,
    function: Callable[..., Any],
    call_function: Callable[..., Any] | None,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    if call_function is not None:
        return call_function(function, *args, **kwargs)
    outputs = record(function, args, kwargs)
    first = tree.flatten(outputs)[0]
    if isinstance(first, KerasTensor):
        first.name = step.name
    return outputs
