"""`Layer`: a torch module with Keras's lazy shapes, names, configs, masks and weights."""

import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from numpy import ndarray
from torch import Tensor
from torch.compiler import is_dynamo_compiling
from torch.utils.checkpoint import checkpoint

from torchkeras._base import device
from torchkeras._base.naming import auto_name
from torchkeras._base.serialization import serialize_keras_object
from torchkeras._state import stateless
from torchkeras._state.masked import mask_of
from torchkeras._symbolic.remat import enter_scope

from .base import calling
from .base.built import finished
from .base.call_spec import CallSpec, build_shape_names
from .base.calling import GIVEN_MODE
from .base.config import Configurable, encode
from .base.input_spec import check_inputs
from .base.losses import ROUNDS, in_round, mentions_add_loss
from .base.plain import is_traced
from .base.symbolic import Symbolic

_OLD_SHAPE_ARGUMENTS = ("input_shape", "input_dim", "batch_input_shape", "batch_shape")
_TRANSIENT = ("_nodes",)
_DESCRIBED = ("dtype", "trainable")  # a config holds what they are now


class Layer(Configurable, Symbolic):
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

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.call_spec = CallSpec.of(cls.call)
        cls.forward = _forward_like(cls.call, cls.call_spec)
        if mentions_add_loss(cls.__dict__.values()):
            cls._adds_losses = ROUNDS.in_use = True
        cls._computes_mask = cls.compute_mask is not Layer.compute_mask
        if "build" in cls.__dict__:
            cls._build_names = build_shape_names(cls.build)
            cls.build = finished(cls.build)  # type: ignore[method-assign]
            cls.built = bool(cls.__dict__.get("built", False))

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
        if not isinstance(trainable, bool):
            raise ValueError(f"`trainable` must be True or False. Received: {trainable!r}.")
        self.name = _checked_name(name) if name else auto_name(type(self).__name__)
        self.autocast = autocast
        self.dtype_policy = dtype
        self._regularize_activity(activity_regularizer)
        object.__setattr__(self, "_trainable", trainable)
        object.__setattr__(self, "_nodes", [])
        object.__setattr__(self, "_placed", device.explicit() is not None)
        self._first_shape = _old_shape(type(self).__name__, kwargs)
        enter_scope(self, self.name)

    # Calling

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; every layer defines this.

        Args:
            *args: Tensors.
            **kwargs: Tensors and settings; `training` and `mask` are filled in if named.
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
        if type(inputs) is Tensor and self._may_cut_short:
            object.__setattr__(self, "_seen_dtype", inputs.dtype)
            object.__setattr__(self, "_seen_ndim", inputs.dim())
        return outputs

    @property
    def _may_cut_short(self) -> bool:
        """Whether a call on one plain tensor needs nothing but `call`."""
        if is_traced():
            return False  # what is noted would be a side effect of the graph
        one_input = self.call_spec.required <= 1
        return one_input and not self.casts_variables and self._may_skip_rounds()

    def rematerialized_call(self, layer_call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run `layer_call` and compute its inner values again in the backward pass.

        Args:
            layer_call: A function of tensors.
            *args: Its arguments.
            **kwargs: Its keyword arguments.
        """

        def run() -> Any:
            return checkpoint(functools.partial(layer_call, **kwargs), *args, use_reentrant=False)

        return run

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
        _check_values("trainable_variables", trained, trainable_variables, self.name)
        _check_values("non_trainable_variables", fixed, non_trainable_variables, self.name)
        state = [torch.as_tensor(value).clone() for value in non_trainable_variables]
        values = [*trainable_variables, *state]
        with stateless.swapped([*trained, *fixed], values):
            outputs = self(*args, **kwargs)
            updated = [variable.value for variable in fixed]
            losses = self.losses if return_losses else None
        return (outputs, updated, losses) if return_losses else (outputs, updated)

    # Quantization

    @property
    def quantization_mode(self) -> str | None:
        """The quantization mode of the dtype policy, or `None`."""
        return getattr(self.own_policy, "quantization_mode", None)

    def quantize(
        self, mode: str | None = None, type_check: bool = True, config: Any = None
    ) -> None:
        """Refuse: this layer has no quantized form."""
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have a `quantize` method implemented: it cannot "
            f"be quantized. Received: mode={mode!r}. Leave it in floats, with a dtype policy such "
            "as 'float32' or 'mixed_bfloat16'."
        )

    def finish_build(self) -> None:
        """Refuse a dtype policy that quantizes, if the layer has no quantized form."""
        super().finish_build()
        quantizable = type(self).quantize is not Layer.quantize or not self.defines_build
        if self.quantization_mode is not None and not quantizable:
            self.quantize(self.quantization_mode)

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
            given = self.given_config()
            config.update((name, given[name]) for name in given if name not in _DESCRIBED)
        return config

    def _extra_serialization(self) -> dict[str, Any]:
        build_config = self.get_build_config() if self.built else None
        return {"build_config": serialize_keras_object(build_config)} if build_config else {}

    @property
    def path(self) -> str | None:
        """The layer's name after those of the layers that have built it; `None` until then."""
        return self._path

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, **{name: [] for name in _TRANSIENT}}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


Layer.call_spec = CallSpec.of(Layer.call)


def _forward_like(call: Callable[..., Any], spec: CallSpec) -> Callable[..., Any]:
    """Return the `forward` of a class, under the signature of its `call` (export reads it)."""
    passes_training, may_be_none = spec.takes_training, spec.training_may_be_none
    by_default = spec.trains_by_default

    def forward(self: Layer, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and (not kwargs or _tells_own_mode(self, kwargs)):
            x = args[0]
            if (
                type(x) is Tensor
                and x.dtype is self._seen_dtype
                and x.dim() == self._seen_ndim
                and not (is_dynamo_compiling() and mask_of(x) is not None)
            ):
                if by_default and not (kwargs or self.training or GIVEN_MODE.wins):
                    return calling.call_in_full(self, args, kwargs)
                if kwargs:
                    return calling.in_given_mode(functools.partial(forward, self))(x)
                try:
                    if passes_training:
                        mode = self.training or (GIVEN_MODE.inference if may_be_none else False)
                        return call(self, x, training=mode)
                    return call(self, x)
                except Exception as error:
                    self._explain(x, error)
                    raise
            if type(x) is ndarray and not self.takes_text:
                return forward(self, calling.convert_leaf(self, x), **kwargs)
        if ROUNDS.in_use and not torch.compiler.is_exporting():
            return in_round(self, lambda: calling.call_in_full(self, args, kwargs))
        return calling.call_in_full(self, args, kwargs)

    forward.__signature__ = inspect.signature(call)  # type: ignore[attr-defined]
    forward.__doc__ = "Run the layer, as torch's modules do."
    return forward


def _tells_own_mode(layer: Layer, kwargs: dict[str, Any]) -> bool:
    """Whether a call is told nothing but the mode that the layer is in."""
    return len(kwargs) == 1 and kwargs.get("training") is layer.training


Layer.forward = _forward_like(Layer.call, Layer.call_spec)


def _check_values(
    argument: str, variables: Sequence[Any], values: Sequence[Any], name: str
) -> None:
    if len(variables) != len(values):
        raise ValueError(
            f"`{argument}` must have a value for each of the {len(variables)} variables in "
            f"`{argument}` of layer {name!r}. Received: {len(values)} values."
        )


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
