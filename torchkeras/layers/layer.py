"""`Layer`: a torch module with Keras's lazy shapes, names, configs, masks and weights."""

import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from torchkeras import regularizers, tree
from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.naming import auto_name, build_scope
from torchkeras._base.nested import fill_leaves, leaves_of, map_leaves
from torchkeras._base.serialization import serialize_keras_object
from torchkeras._state import stateless
from torchkeras._state.masked import mask_of, with_mask
from torchkeras._state.variable import Variable
from torchkeras._symbolic.probe import probe, probing, real_tensors
from torchkeras._symbolic.spec import Spec
from torchkeras._symbolic.tensor import KerasTensor, Node, fresh
from torchkeras.random import SeedGenerator

from .base import calling
from .base.call_spec import CallSpec, build_shape_names
from .base.config import Configurable, encode
from .base.input_spec import check_inputs
from .base.losses import ROUNDS, LossBox, clear_losses, in_round
from .base.weights import WeightOwner, policy_of

_OLD_SHAPE_ARGUMENTS = ("input_shape", "input_dim", "batch_input_shape", "batch_shape")
_TRANSIENT = ("_nodes",)


class Layer(Configurable, WeightOwner):
    """A piece of a model: an `nn.Module` whose weights are made when its input shape is known.

    A subclass makes its weights in `build`, computes in `call`, and takes the keyword arguments
    below in its `__init__`, which it hands to `super().__init__(**kwargs)`.

    Args:
        activity_regularizer: A name, object or function of the output, added to the loss.
        trainable: Whether optimizers change the weights.
        dtype: A dtype's name or a dtype policy; the global policy if not given.
        autocast: Whether float inputs are cast to the compute dtype.
        name: The layer's name; an automatic one if not given.
        **kwargs: `input_shape`, `input_dim` or `batch_input_shape` on a model's first layer.

    Raises:
        ValueError: If an argument is unknown.

    Example:
        >>> import torchkeras
        >>> class Scale(torchkeras.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> layer = Scale()
        >>> tuple(layer(torchkeras.ops.zeros((2, 3))).shape)
        (2, 3)
        >>> [v.path for v in layer.weights][0].startswith("scale")
        True
    """

    call_spec: ClassVar[CallSpec]
    _build_names: ClassVar[tuple[str, ...]] = ()
    _computes_mask: ClassVar[bool] = False
    _takes_symbols: ClassVar[bool] = True
    keeps_variable_dtype: ClassVar[bool] = False

    # What a plain tensor must look like to take the short cut in `forward`.
    _seen_dtype: torch.dtype | None = None
    _seen_ndim: int = -1

    built: bool = False
    _build_depth = 0
    _placed = False
    _build_arguments: dict[str, Any] | None = None
    _supports_masking = False
    _input_spec: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.call_spec = CallSpec.of(cls.call)
        cls.forward = _forward_like(cls.call, cls.call_spec)  # type: ignore[method-assign]
        cls._computes_mask = cls.compute_mask is not Layer.compute_mask
        if "build" in cls.__dict__:
            cls._build_names = build_shape_names(cls.build)
            cls.build = _finished(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.name = _checked_name(name) if name else auto_name(type(self).__name__)
        self.autocast = autocast
        self.dtype_policy = dtype
        self.activity_regularizer = regularizers.get(activity_regularizer)
        object.__setattr__(self, "_trainable", bool(trainable))
        object.__setattr__(self, "_loss_box", LossBox())
        object.__setattr__(self, "_seeds", [])
        object.__setattr__(self, "_nodes", [])
        object.__setattr__(self, "_placed", device.explicit() is not None)
        if self.activity_regularizer is not None:
            ROUNDS.in_use = True
        self._first_shape = _old_shape(type(self).__name__, kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, SeedGenerator):
            self._adopt_seed(value)
        super().__setattr__(name, value)

    def _adopt_seed(self, generator: SeedGenerator) -> None:
        if generator.state.is_free:
            generator.state.move_to(self, self._free_key("seed_generator_state"))
            self._seeds.append(generator.state)

    # Building

    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, when the shape of the inputs is known.

        Args:
            input_shape: The shape of the inputs, or a list or dictionary of shapes; a `build` with
                several arguments called `<argument>_shape` gets the shapes of those arguments.
        """

    def build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Build for the arguments of a call."""
        named = dict(zip(self.call_spec.names, args, strict=False)) | kwargs
        if self._build_names:
            given = {f"{name}_shape": shapes_of(value) for name, value in named.items()}
            self.build(**{name: given[name] for name in self._build_names if name in given})
        elif type(self).build is not Layer.build:
            self.build(shapes_of(calling.first_argument(self, args, kwargs)))
        else:
            self.built = True

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes that the layer was built with, or `None`."""
        return self._build_arguments

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build the layer as `get_build_config()` says.

        Args:
            config: What `get_build_config()` returned.
        """
        shapes = {key: _as_shape(value) for key, value in (config or {}).items()}
        if set(shapes) == {"input_shape"}:
            self.build(shapes["input_shape"])
        elif shapes:
            self.build(**shapes)

    def bind_slots(self) -> None:
        """Make the variables of the layer's table, once their parameters exist."""
        if not self._variables:
            super().bind_slots()

    # Calling

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; every layer defines this.

        Args:
            *args: Tensors.
            **kwargs: Tensors and settings; `training` and `mask` are filled in if `call` names them.
        """
        raise NotImplementedError(
            f"Layer {type(self).__name__!r} has no `call` method. Define `call(self, inputs)`."
        )

    def _explain(self, x: Tensor, error: Exception) -> None:
        check_inputs(self.input_spec, x, self.name)
        calling.explain(self, (x,), error)

    def fit_arguments(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments of a call as the layer wants them; a model fits ranks and dtypes."""
        return args

    def finish_call(self, inputs: Any, previous_mask: Any, outputs: Any) -> Any:
        """Add the activity loss, pass the mask on, and remember a plain input for the short cut."""
        if self.activity_regularizer is not None:
            self._add_activity_loss(outputs)
        if self._computes_mask or previous_mask is not None:
            return self._mask_outputs(inputs, previous_mask, outputs)
        if type(inputs) is Tensor and self._may_cut_short and not torch.compiler.is_compiling():
            object.__setattr__(self, "_seen_dtype", inputs.dtype)
            object.__setattr__(self, "_seen_ndim", inputs.dim())
        return outputs

    @property
    def _may_cut_short(self) -> bool:
        """Whether a call on one plain tensor needs nothing but `call`."""
        one_input = self.call_spec.required <= 1
        losses = self.activity_regularizer is not None or ROUNDS.in_use
        return one_input and not losses and not self.casts_variables

    def _add_activity_loss(self, outputs: Any) -> None:
        for output in leaves_of(outputs):
            if isinstance(output, Tensor):
                loss = self.activity_regularizer(output)
                self.add_loss(loss / output.shape[0] if output.dim() else loss)

    def _mask_outputs(self, inputs: Any, previous_mask: Any, outputs: Any) -> Any:
        if not (self.supports_masking or self._computes_mask):
            self._warn_of_lost_mask()
            return outputs
        leaves = leaves_of(outputs)
        if all(mask_of(leaf) is not None for leaf in leaves):
            return outputs
        masks = self.compute_mask(inputs, previous_mask)
        if masks is None:
            return outputs
        if isinstance(outputs, Tensor):
            return with_mask(outputs, masks)
        pairs = zip(leaves, leaves_of(masks), strict=False)
        return fill_leaves(outputs, [with_mask(x, mask) for x, mask in pairs])

    def _warn_of_lost_mask(self) -> None:
        if self.call_spec.takes_mask or probing():
            return
        warnings.warn(
            f"Layer {self.name!r} (of type {type(self).__name__}) was passed an input with a mask. "
            "It does not support masking, so layers after it will not see the mask. Set "
            "`self.supports_masking = True` if it may be passed on unchanged.",
            stacklevel=6,
        )

    def rematerialized_call(self, layer_call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run `layer_call` and compute its inner values again in the backward pass.

        Args:
            layer_call: A function of tensors.
            *args: Its arguments.
            **kwargs: Its keyword arguments.
        """
        from torch.utils.checkpoint import checkpoint

        def run() -> Any:
            return checkpoint(
                functools.partial(layer_call, **kwargs), *args, use_reentrant=False
            )

        return run

    # Symbols and shapes

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the layer on symbols: the step is recorded, nothing is computed.

        Args:
            *args: Symbols.
            **kwargs: Symbols and settings.
        """
        inputs = calling.first_argument(self, args, kwargs)
        check_inputs(self.input_spec, inputs, self.name)
        specs = self.compute_output_spec(*args, **kwargs)
        outputs = tree.map_structure(lambda leaf: fresh(leaf, "keras_tensor"), specs)
        self._nodes.append(Node(self, args, kwargs, outputs))
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shapes and dtypes of the outputs as symbols, building the layer if need be.

        Args:
            *args: Symbols.
            **kwargs: Symbols and settings.
        """
        if not self.built and type(self).build is not Layer.build:
            self.build_for(args, kwargs)
        if type(self).compute_output_shape is not Layer.compute_output_shape:
            shape = self.compute_output_shape(*self._shape_arguments(args, kwargs))
            return map_shapes(lambda s: KerasTensor(s, self.compute_dtype), shape)
        specs = self._probe(args, kwargs)
        return tree.map_structure(lambda leaf: fresh(leaf, "keras_tensor"), specs)

    def _shape_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        wanted = inspect.signature(self.compute_output_shape).parameters
        if len(wanted) <= 1:
            return [shapes_of(calling.first_argument(self, args, kwargs))]
        named = dict(zip(self.call_spec.names, args, strict=False)) | kwargs
        return [shapes_of(value) for value in list(named.values())[: len(wanted)]]

    def _probe(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        def run(*fake_args: Any, **fake_kwargs: Any) -> Any:
            return calling.call_in_full(self, fake_args, fake_kwargs)

        try:
            return probe(run, args, kwargs, self._device)
        except Exception as error:
            if getattr(error, "_explained_by_layer", False) or isinstance(error, ValueError):
                raise
            error.add_note(
                f"The output shape of layer {self.name!r} ({type(self).__name__}) is found by "
                "running `call` on tensors without memory. If `call` needs real values, define "
                "`compute_output_shape(self, input_shape)`."
            )
            raise

    @property
    def _device(self) -> torch.device:
        parameter = next(self.parameters(), None)
        return device.creation() if parameter is None else parameter.device

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shape of the outputs for the shape of the inputs.

        Args:
            *args: A shape, or a list or dictionary of shapes; `None` for unknown sizes.
            **kwargs: Shapes by name, for layers with several inputs.
        """
        positional = tuple(map_shapes(self._input_symbol, shape) for shape in args)
        named = {
            key.removesuffix("_shape"): map_shapes(self._input_symbol, shape)
            for key, shape in kwargs.items()
        }
        if "input" in named:
            positional, named = (named.pop("input"), *positional), named
        specs = self.compute_output_spec(*positional, **named)
        return tree.map_structure(lambda leaf: leaf.shape, specs)

    def _input_symbol(self, shape: Sequence[int | None]) -> KerasTensor:
        return KerasTensor(shape, self.input_dtype)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the outputs.

        Args:
            inputs: The layer's inputs.
            previous_mask: Their mask, or `None`.
        """
        return previous_mask

    @property
    def input(self) -> Any:
        """The symbols that the layer was first called on."""
        node = self._first_node("input")
        first = calling.first_argument(self, node.args, node.kwargs)
        return node.outputs if first is None else first

    @property
    def output(self) -> Any:
        """The symbols that came out of the layer's first symbolic call."""
        return self._first_node("output").outputs

    def _first_node(self, what: str) -> Node:
        if not self._nodes:
            raise AttributeError(
                f"Layer {self.name!r} has no {what}: it has not been called on symbols. Use it in "
                "a functional model, or in a Sequential that knows its input shape."
            )
        node: Node = self._nodes[0]
        return node

    @property
    def input_spec(self) -> Any:
        """What the inputs must look like: an `InputSpec`, a structure of them, or `None`."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        object.__setattr__(self, "_input_spec", value)

    @property
    def supports_masking(self) -> bool:
        """Whether the layer passes the mask of its inputs on."""
        return self._supports_masking

    @supports_masking.setter
    def supports_masking(self, value: bool) -> None:
        object.__setattr__(self, "_supports_masking", bool(value))

    # Losses and metrics

    def add_loss(self, loss: Any) -> None:
        """Add a scalar (or several) to the loss; it counts until the next outermost call.

        Args:
            loss: A scalar tensor, or a nested structure of them.
        """
        losses = [leaf for leaf in leaves_of(loss) if leaf is not None]
        if probing() or any(isinstance(leaf, Spec) for leaf in losses):
            return
        object.__setattr__(self, "_seen_dtype", None)
        self._loss_box.add(losses)

    @property
    def losses(self) -> list[Any]:
        """The losses added in the latest call, then the regularizers of trainable weights."""
        layers = [module for module in self.modules() if isinstance(module, Layer)]
        added = [loss for layer in layers for loss in layer._loss_box.get()]
        trained = self.trainable_weights
        return added + [v.regularizer(v.value) for v in trained if v.regularizer is not None]

    def _clear_losses(self) -> None:
        clear_losses(self)

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: metrics are attributes (`self.tracker = Mean()`) and updated in `call`."""
        raise NotImplementedError(
            "`add_metric` is gone since Keras 3. Keep a metric as an attribute of the layer and "
            "call its `update_state` in `call`."
        )

    @property
    def metrics(self) -> list[Any]:
        """The metrics that are attributes of the layer or of layers below it."""
        found = [m for value in vars(self).values() for m in _metrics_in(value)]
        for module in self.modules():
            if module is not self and isinstance(module, Layer):
                found += [m for value in vars(module).values() for m in _metrics_in(value)]
        return list({id(metric): metric for metric in found}.values())

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def own_variables(self) -> list[Variable]:
        """Return the layer's own weights and the states of its seed generators."""
        return [*self._variables, *self._seeds]

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Call the layer with other values for its variables, and leave its own alone.

        Args:
            trainable_variables: Values for `trainable_variables`.
            non_trainable_variables: Values for `non_trainable_variables`.
            *args: The arguments of the call.
            return_losses: Whether the losses are returned too.
            **kwargs: The keyword arguments of the call.

        Returns:
            The outputs, the new values of `non_trainable_variables`, and the losses if asked for.
        """
        if not self.built:
            raise ValueError(
                f"To call `stateless_call`, layer {self.name!r} must be built. Call it on data or "
                "`build(input_shape)` first."
            )
        fixed = self.non_trainable_variables
        trained = self.trainable_variables
        state = [torch.as_tensor(value).clone() for value in non_trainable_variables]
        values = [*trainable_variables, *state]
        with stateless.swapped([*trained, *fixed], values):
            outputs = self(*args, **kwargs)
            updated = [variable.value for variable in fixed]
            losses = self.losses if return_losses else None
        return (outputs, updated, losses) if return_losses else (outputs, updated)

    # Dtypes

    @property
    def dtype_policy(self) -> Any:
        """The dtypes of the layer's variables and computations."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        policy = policy_of(value)
        object.__setattr__(self, "_dtype_policy", policy)
        object.__setattr__(self, "torch_dtype", to_torch(policy.compute_dtype))
        casts = policy.compute_dtype != policy.variable_dtype and not self.keeps_variable_dtype
        object.__setattr__(self, "casts_variables", casts)
        object.__setattr__(self, "_seen_dtype", None)

    @property
    def dtype(self) -> str:
        """The dtype of the variables."""
        return self.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the variables."""
        return str(self.dtype_policy.variable_dtype)

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computations and of the outputs."""
        return str(self.dtype_policy.compute_dtype)

    @property
    def input_dtype(self) -> str:
        """The dtype that float inputs are cast to."""
        return self.compute_dtype

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move or cast the layer, as torch's modules do; a chosen device is kept from then on."""
        chosen = torch._C._nn._parse_to(*args, **kwargs)[0]
        if chosen is not None:
            object.__setattr__(self, "_placed", True)
        return super().to(*args, **kwargs)

    def cpu(self) -> Self:
        """Move the layer to the CPU, and keep it there."""
        return self.to("cpu")

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        before = to_torch(self.variable_dtype)
        after = fn(torch.empty(0, dtype=before)).dtype
        if after is not before:
            self.dtype_policy = str(after).removeprefix("torch.")
        return self

    # Quantization

    @property
    def quantization_mode(self) -> str | None:
        """The quantization mode of the dtype policy, or `None`."""
        return getattr(self.dtype_policy, "quantization_mode", None)

    def quantize(self, mode: str | None = None, type_check: bool = True, config: Any = None) -> None:
        """Refuse: this layer has no quantized form."""
        raise NotImplementedError(f"Layer {type(self).__name__!r} cannot be quantized.")

    def quantized_build(self, input_shape: Any, mode: str) -> None:
        """Refuse: this layer has no quantized form."""
        self.quantize(mode)

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: this layer has no quantized form."""
        self.quantize(self.quantization_mode)

    # Config

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, from which `from_config` makes an equal layer."""
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = encode(self.activity_regularizer)
        config.update(self.attribute_config())
        if type(self).get_config is Layer.get_config and self._given != ((), {}):
            config.update(self.given_config())
        return config

    def _extra_serialization(self) -> dict[str, Any]:
        build_config = self.get_build_config() if self.built else None
        return {"build_config": serialize_keras_object(build_config)} if build_config else {}

    @property
    def path(self) -> str:
        """The layer's name."""
        return self.name

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, **{name: [] for name in _TRANSIENT}}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


Layer.call_spec = CallSpec.of(Layer.call)


def _forward_like(call: Callable[..., Any], spec: CallSpec) -> Callable[..., Any]:
    """Return the `forward` of a class, under the signature of its `call` (export reads it)."""
    passes_training = spec.takes_training

    def forward(self: Layer, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs:
            x = args[0]
            if type(x) is Tensor and x.dtype is self._seen_dtype and x.dim() == self._seen_ndim:
                try:
                    return call(self, x, training=self.training) if passes_training else call(self, x)
                except Exception as error:
                    self._explain(x, error)
                    raise
        if ROUNDS.in_use:
            return in_round(self, lambda: calling.call_in_full(self, args, kwargs))
        return calling.call_in_full(self, args, kwargs)

    forward.__signature__ = inspect.signature(call)  # type: ignore[attr-defined]
    forward.__doc__ = "Run the layer, as torch's modules do."
    return forward


Layer.forward = _forward_like(Layer.call, Layer.call_spec)  # type: ignore[method-assign]


def _finished(build: Callable[..., None]) -> Callable[..., None]:
    """Wrap a `build`: real tensors, names below the layer, its table, and `built` afterwards."""

    @functools.wraps(build)
    def wrapper(self: Layer, *args: Any, **kwargs: Any) -> None:
        arguments = inspect.signature(build).bind(self, *args, **kwargs).arguments
        self._build_depth += 1
        try:
            with build_scope(self.name), real_tensors():
                build(self, *args, **kwargs)
                self.bind_slots()
        finally:
            self._build_depth -= 1
        if self._build_depth == 0:
            shapes = {key: value for key, value in arguments.items() if key != "self"}
            object.__setattr__(self, "_build_arguments", shapes)
            self.built = True
            if not self._trainable:
                self._apply_trainable()

    return wrapper


def shapes_of(value: Any) -> Any:
    """Return the shape of a tensor or symbol, or the structure of shapes of a nested one."""
    return map_leaves(lambda leaf: tuple(leaf.shape) if hasattr(leaf, "shape") else None, value)


def map_shapes(function: Callable[[Any], Any], shapes: Any) -> Any:
    """Apply a function to each shape in a structure of shapes."""
    if isinstance(shapes, dict):
        return {key: map_shapes(function, shape) for key, shape in shapes.items()}
    if shapes is None or all(size is None or isinstance(size, int) for size in shapes):
        return function(tuple(shapes or ()))
    return [map_shapes(function, shape) for shape in shapes]


def _as_shape(value: Any) -> Any:
    return None if value is None else map_shapes(tuple, value)


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or "/" in name:
        raise ValueError(f"`name` must be a string without '/'. Received: name={name!r}.")
    return name


def _old_shape(class_name: str, kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
    """Return the batch input shape that old tutorials give to a first layer, or `None`."""
    batch_size = kwargs.pop("batch_size", None) if set(kwargs) & set(_OLD_SHAPE_ARGUMENTS) else None
    given = {name: kwargs.pop(name) for name in _OLD_SHAPE_ARGUMENTS if name in kwargs}
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments passed to {class_name}: {kwargs}")
    if not given:
        return None
    warnings.warn(
        "Do not pass an `input_shape`/`input_dim` argument to a layer. When using Sequential "
        "models, prefer using an `Input(shape)` object as the first layer in the model instead.",
        stacklevel=4,
    )
    name, value = next(iter(given.items()))
    sizes = (value,) if isinstance(value, int) or value is None else tuple(value)
    return sizes if name.startswith("batch") else (batch_size, *sizes)


def _metrics_in(value: Any) -> list[Any]:
    if getattr(value, "_is_metric", False):
        return [value]
    if isinstance(value, (list, tuple)):
        return [metric for item in value for metric in _metrics_in(item)]
    if isinstance(value, dict):
        return [metric for item in value.values() for metric in _metrics_in(item)]
    return []

