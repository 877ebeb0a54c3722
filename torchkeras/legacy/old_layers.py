"""Layers that Keras 1 and 2 had and Keras 3 has not."""

import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from torchkeras import activations, constraints, initializers, layers, regularizers
from torchkeras._base.messages import one_of
from torchkeras._base.registry import register_keras_serializable
from torchkeras._base.settings import standardize_data_format
from torchkeras.layers import Layer

from .notice import tell
from .patches import Patches

_MODES = ("sum", "mul", "concat", "ave", "dot", "cos", "max")


def apply(package: ModuleType, patches: Patches) -> None:
    """Add the layers.

    Args:
        package: The module that `keras` is.
        patches: Where they are noted.
    """
    for cls in (MaxoutDense, Highway, LocallyConnected1D, LocallyConnected2D, Merge):
        register_keras_serializable("torchkeras.legacy")(cls)
        patches.add(package.layers, cls.__name__, cls)
    patches.add(package.layers, "merge", merge)


class _Old(Layer):
    """A layer whose arguments are kept under the names of old."""

    _PARTS = ("kernel", "bias")

    def _keep(self, new: str, **parts: Any) -> None:
        tell(f"`{type(self).__name__}`", new, stacklevel=4)
        for part in self._PARTS:
            first = parts.get(f"{part}_init", "zeros")
            setattr(self, f"{part}_initializer", initializers.get(first))
            setattr(self, f"{part}_regularizer", regularizers.get(parts.get(f"{part}_regularizer")))
            setattr(self, f"{part}_constraint", constraints.get(parts.get(f"{part}_constraint")))

    def _weight(self, part: str, name: str, shape: tuple[int, ...], start: Any = None) -> Any:
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=start or getattr(self, f"{part}_initializer"),
            regularizer=getattr(self, f"{part}_regularizer"),
            constraint=getattr(self, f"{part}_constraint"),
        )


class MaxoutDense(_Old):
    """The largest of several dense layers, unit by unit.

    Args:
        output_dim: The number of units.
        nb_feature: The number of dense layers.
        init: The first values of the kernels.
        W_regularizer: A regularizer for the kernels.
        b_regularizer: A regularizer for the biases.
        W_constraint: A constraint for the kernels.
        b_constraint: A constraint for the biases.
        bias: Whether there are biases.
        **kwargs: The keyword arguments of `Layer`.
    """

    def __init__(
        self,
        output_dim: int,
        nb_feature: int = 4,
        init: Any = "glorot_uniform",
        W_regularizer: Any = None,
        b_regularizer: Any = None,
        W_constraint: Any = None,
        b_constraint: Any = None,
        bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.output_dim, self.nb_feature, self.bias = output_dim, nb_feature, bias
        self.init, self.W_regularizer, self.b_regularizer = init, W_regularizer, b_regularizer
        self.W_constraint, self.b_constraint = W_constraint, b_constraint
        self._keep(
            "use a `Dense` layer and `ops.max`", kernel_init=init,
            kernel_regularizer=W_regularizer, bias_regularizer=b_regularizer,
            kernel_constraint=W_constraint, bias_constraint=b_constraint,
        )  # fmt: skip

    def build(self, input_shape: Any) -> None:
        shape = (self.nb_feature, input_shape[-1], self.output_dim)
        self.W = self._weight("kernel", "W", shape)
        self.b = self._weight("bias", "b", shape[::2]) if self.bias else None

    def call(self, inputs: Tensor) -> Tensor:
        made = torch.einsum("bi,kio->bko", inputs, self.W.value)
        return (made if self.b is None else made + self.b.value).amax(1)


class Highway(_Old):
    """A dense layer, and a gate that lets the inputs pass by it.

    Args:
        init: The first values of the kernels.
        activation: What is applied to the dense layer.
        W_regularizer: A regularizer for the kernels.
        b_regularizer: A regularizer for the biases.
        W_constraint: A constraint for the kernels.
        b_constraint: A constraint for the biases.
        bias: Whether there are biases.
        **kwargs: The keyword arguments of `Layer`.
    """

    def __init__(
        self,
        init: Any = "glorot_uniform",
        activation: Any = None,
        W_regularizer: Any = None,
        b_regularizer: Any = None,
        W_constraint: Any = None,
        b_constraint: Any = None,
        bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.init, self.activation, self.bias = init, activations.get(activation), bias
        self.W_regularizer, self.b_regularizer = W_regularizer, b_regularizer
        self.W_constraint, self.b_constraint = W_constraint, b_constraint
        self._keep(
            "write the gate with `Dense` layers", kernel_init=init,
            kernel_regularizer=W_regularizer, bias_regularizer=b_regularizer,
            kernel_constraint=W_constraint, bias_constraint=b_constraint,
        )  # fmt: skip

    def build(self, input_shape: Any) -> None:
        width = input_shape[-1]
        self.W = self._weight("kernel", "W", (width, width))
        self.W_carry = self._weight("kernel", "W_carry", (width, width))
        self.b = self.b_carry = None
        if self.bias:
            self.b = self._weight("bias", "b", (width,))
            self.b_carry = self._weight("bias", "b_carry", (width,), initializers.Constant(-2.0))

    def call(self, inputs: Tensor) -> Tensor:
        made, gate = inputs @ self.W.value, inputs @ self.W_carry.value
        if self.b is not None and self.b_carry is not None:
            made, gate = made + self.b.value, gate + self.b_carry.value
        share = torch.sigmoid(gate)
        passed: Tensor = self.activation(made) * share + (1 - share) * inputs
        return passed


class _LocallyConnected(_Old):
    """A convolution with a kernel of its own at each place."""

    rank = 0

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        implementation: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters, self.use_bias, self.implementation = filters, use_bias, implementation
        self.kernel_size, self.strides = self._sizes(kernel_size), self._sizes(strides)
        self.padding = one_of("padding", padding, ("valid",))
        self.data_format = standardize_data_format(data_format)
        self.activation = activations.get(activation)
        self._keep(
            "use a convolution, whose kernel is the same everywhere",
            kernel_init=kernel_initializer, bias_init=bias_initializer,
            kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint, bias_constraint=bias_constraint,
        )  # fmt: skip

    def _sizes(self, given: int | Sequence[int]) -> tuple[int, ...]:
        return (given,) * self.rank if isinstance(given, int) else tuple(given)

    @property
    def _is_first(self) -> bool:
        return self.data_format == "channels_first"

    def build(self, input_shape: Any) -> None:
        shape = list(input_shape[1:])
        channels = shape.pop(0 if self._is_first else -1)
        if None in shape:
            raise ValueError(
                f"`{type(self).__name__}` has a kernel for each place, so sizes must be known. "
                f"Received: inputs of shape {tuple(input_shape)}."
            )
        windows = zip(shape, self.kernel_size, self.strides, strict=True)
        self.places = tuple((size - kernel) // stride + 1 for size, kernel, stride in windows)
        count, width = _product(self.places), _product(self.kernel_size) * channels
        self.kernel = self._weight("kernel", "kernel", (count, width, self.filters))
        self.bias = None
        if self.use_bias:
            self.bias = self._weight("bias", "bias", (*self.places, self.filters))

    def call(self, inputs: Tensor) -> Tensor:
        first = 2 if self._is_first else 1
        windows = inputs
        for axis, (size, stride) in enumerate(zip(self.kernel_size, self.strides, strict=True)):
            windows = windows.unfold(first + axis, size, stride)
        axes = list(range(windows.dim()))
        channels = axes.pop(1 if self._is_first else 1 + self.rank)
        axes.insert(1 + self.rank if self._is_first else len(axes), channels)
        flat = windows.permute(axes).flatten(1, self.rank).flatten(2)
        made = torch.einsum("bpk,pkf->bpf", flat, self.kernel.value)
        made = made.reshape(-1, *self.places, self.filters)
        made = made if self.bias is None else made + self.bias.value
        found: Tensor = self.activation(made)
        return found.movedim(-1, 1) if self._is_first else found


class LocallyConnected1D(_LocallyConnected):
    """A convolution over one axis with a kernel of its own at each place."""

    rank = 1


class LocallyConnected2D(_LocallyConnected):
    """A convolution over two axes with a kernel of its own at each place."""

    rank = 2


class Merge(Layer):
    """Several tensors in one, as Keras 1 did it.

    Args:
        layers: Models that are called on the inputs first, one each.
        mode: `"sum"`, `"mul"`, `"concat"`, `"ave"`, `"dot"`, `"cos"`, `"max"`, or a function.
        concat_axis: The axis of `"concat"`.
        dot_axes: The axes of `"dot"` and `"cos"`.
        **kwargs: The keyword arguments of `Layer`.
    """

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        mode: str | Callable[[Any], Any] = "sum",
        concat_axis: int = -1,
        dot_axes: Any = -1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        tell("`Merge`", "use `Add`, `Multiply`, `Concatenate`, `Average`, `Dot` or `Maximum`")
        self.layers = list(layers or [])
        self.mode = mode if callable(mode) else one_of("mode", mode, _MODES)
        self.concat_axis, self.dot_axes = concat_axis, dot_axes

    def call(self, inputs: Any) -> Any:
        if self.layers:
            inputs = [model(x) for model, x in zip(self.layers, inputs, strict=True)]
        return _merged(inputs, self.mode, self.concat_axis, self.dot_axes)


def merge(
    inputs: Sequence[Any],
    mode: str | Callable[[Any], Any] = "sum",
    concat_axis: int = -1,
    dot_axes: Any = -1,
    output_shape: Any = None,
    output_mask: Any = None,
    arguments: Any = None,
    name: str | None = None,
) -> Any:
    """Merge tensors, as Keras 1 did it.

    Args:
        inputs: The tensors or symbols.
        mode: As in `Merge`.
        concat_axis: The axis of `"concat"`.
        dot_axes: The axes of `"dot"` and `"cos"`.
        output_shape: Not needed.
        output_mask: Not needed.
        arguments: Further arguments of a function.
        name: The name of the layer.
    """
    tell("`merge`", "use `add`, `multiply`, `concatenate`, `average`, `dot` or `maximum`")
    chosen = mode if callable(mode) else one_of("mode", mode, _MODES)
    return _merged(inputs, chosen, concat_axis, dot_axes, **(arguments or {}))


def _merged(inputs: Any, mode: Any, concat_axis: int, dot_axes: Any, **arguments: Any) -> Any:
    if callable(mode):
        return mode(inputs, **arguments)
    if mode == "concat":
        return layers.concatenate(inputs, axis=concat_axis)
    if mode in ("dot", "cos"):
        axes = dot_axes if isinstance(dot_axes, int) else [_number(axis) for axis in dot_axes]
        return layers.dot(inputs, axes=axes, normalize=mode == "cos")
    named = {"sum": "add", "mul": "multiply", "ave": "average", "max": "maximum"}
    return getattr(layers, named[mode])(inputs)


def _number(axis: Any) -> int:
    return int(axis[0]) if isinstance(axis, (list, tuple)) else int(axis)


def _product(sizes: Sequence[int]) -> int:
    return math.prod(sizes)
