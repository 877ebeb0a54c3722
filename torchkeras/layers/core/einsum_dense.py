"""`EinsumDense`: a matrix product along any axes."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from torchkeras import constraints, initializers, regularizers
from torchkeras._state.layout import SAME, TRANSPOSED, Layout, Reshaped
from torchkeras._state.slot import Slot
from torchkeras._state.variable import Variable
from torchkeras.layers.base.activated import Activated
from torchkeras.layers.base.config import encode
from torchkeras.layers.base.einsum import Einsum
from torchkeras.layers.base.fans import with_axes
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.layer import Layer
from torchkeras.layers.quantized.axes import Axes
from torchkeras.layers.quantized.float8 import cut_bias
from torchkeras.layers.quantized.quantizable import QuantizableKernel

from .einsum_equation import Equation, Sizes

_ARGUMENTS = (
    *("equation", "activation", "bias_axes", "kernel_initializer", "bias_initializer"),
    *("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint"),
    "quantization_config",
)


class EinsumDense(Activated, QuantizableKernel, Layer):
    """A fully connected layer along any axes: `activation(einsum(equation, x, kernel) + bias)`.

    Args:
        equation: The axes of inputs, kernel and outputs: `"ab,bc->ac"`, `"...ab,bc->...ac"` or
            `"ab...,bc->ac..."`.
        output_shape: The sizes of the outputs' axes that the equation names, without the batch;
            `None` for those that the inputs tell.
        activation: A name, object or function applied to the outputs.
        bias_axes: The letters of the outputs' axes that have a bias; no bias if not given.
        kernel_initializer: How the kernel starts.
        bias_initializer: How the bias starts.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        lora_rank: The rank of a correction that is trained in the kernel's place (`enable_lora`).
        lora_alpha: The correction is multiplied by `lora_alpha / lora_rank`; the rank if not given.
        gptq_unpacked_column_size: Kept for Keras's configs; the layer knows its sizes.
        quantization_config: How the layer is quantized, if its dtype policy says that it is.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        What the equation says.

    Output shape:
        What the equation says.

    Variables:
        kernel: What the equation says. Where it sums over the inputs' last axes, in the kernel's
            order, torch keeps it as `linear.weight`, flat and transposed; else as `einsum.weight`.
        bias: The sizes of the outputs from the first of `bias_axes` on, 1 for the others.

    Raises:
        ValueError: If the equation, the shapes and `bias_axes` do not go together.

    Differs from Keras:
        Symbols have all sizes that the inputs tell, also where `output_shape` has `None`.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.EinsumDense("abc,cde->abde", (None, 4, 2), bias_axes="de")
        >>> tuple(layer(torch.ones(2, 5, 3)).shape)
        (2, 5, 4, 2)
    """

    computes_in_floats = True
    bias: Variable | None
    _parts: Equation
    _kernel_shape: tuple[int, ...]
    _axes: Axes
    _bias_apart = False  # whether the bias is not the one of the torch module

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.equation, self.bias_axes = equation, bias_axes
        object.__setattr__(self, "_parts", Equation.of(equation))
        self.partial_output_shape = _checked(output_shape)
        self.activation = activation
        self.gptq_unpacked_column_size = gptq_unpacked_column_size
        self.quantization_config = quantization_config
        self.take_lora(lora_rank, lora_alpha)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Any) -> None:
        parts = self._parts
        self.input_spec = InputSpec(ndim=len(input_shape))
        sizes = parts.sizes(input_shape, self.partial_output_shape)
        shape = self._known(parts.kernel, [sizes[letter] for letter in parts.kernel])
        object.__setattr__(self, "_kernel_shape", shape)
        bias_shape = self._bias_shape(sizes, len(input_shape) - len(parts.inputs))
        summed = parts.summed
        object.__setattr__(self, "_axes", Axes(*parts.spelled(len(input_shape))))
        if summed is None:
            self.einsum = self.stock(Einsum, self._axes.equation, shape)
        else:
            outputs = shape[summed:]
            flat = math.prod(shape[:summed]), math.prod(outputs)
            self.linear = self.stock(nn.Linear, *flat, bias=bias_shape == outputs)
        self.bind_slots()
        if bias_shape is not None and self.bias is None:
            self._make_bias(bias_shape)

    def _bias_shape(self, sizes: dict[str, Any], elided: int) -> tuple[int, ...] | None:
        if self.bias_axes is None:
            return None
        return self._known(self.bias_axes, self._parts.bias_shape(self.bias_axes, sizes, elided))

    def variable_slots(self) -> dict[str, Slot]:
        summed = self._parts.summed
        if summed is None:
            return {"kernel": Slot("einsum.weight"), "bias": Slot("einsum.bias")}
        shape = self._kernel_shape
        flat = math.prod(shape[:summed]), math.prod(shape[summed:])
        kernel = Reshaped(TRANSPOSED, flat, shape)
        bias = Reshaped(SAME, flat[1:], shape[summed:])
        return {"kernel": Slot("linear.weight", kernel), "bias": Slot("linear.bias", bias)}

    def _scale_layout(self) -> Layout:
        shape = self._axes.scale_shape(self._kernel_shape)
        return Reshaped(SAME, (math.prod(shape),), shape)

    def _make_bias(self, shape: tuple[int, ...]) -> None:
        self.bias = self.add_weight(
            shape=shape,
            initializer=self.bias_initializer,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
            name="bias",
        )
        object.__setattr__(self, "_bias_apart", True)

    def _first_kernel(self) -> Any:
        return with_axes(self.kernel_initializer, self._parts.input_axes, self._parts.output_axes)

    def _first_value(self, attribute: str, variable: Variable) -> Any:
        if attribute != "kernel_initializer":
            return super()._first_value(attribute, variable)
        return self._first_kernel()(variable.shape, dtype=self.variable_dtype)

    def _known(self, letters: str, shape: Sequence[int | None]) -> tuple[int, ...]:
        if None in shape:
            raise ValueError(
                f"Layer {self.name!r} needs to know the sizes of the axes {letters!r} to make its "
                f"weights. Received: {tuple(shape)} for equation={self.equation!r}, "
                f"output_shape={self.partial_output_shape}. Give them in `output_shape`, or give "
                "`Input` a shape with those sizes."
            )
        return tuple(shape)  # type: ignore[arg-type]

    def compute_output_shape(self, input_shape: Any) -> Sizes:
        """Return the shape of the outputs, with all sizes that the inputs or `output_shape` tell.

        Args:
            input_shape: The shape of the inputs.
        """
        parts = self._parts
        sizes = parts.sizes(input_shape, self.partial_output_shape)
        named = tuple(sizes[letter] for letter in parts.outputs)
        count, rank = len(parts.inputs), len(input_shape)
        if parts.ellipsis == "left":
            return (*input_shape[: rank - count], *named)
        return (*named, *input_shape[count:])

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        summed = self._parts.summed
        if summed is None:
            y = self._modules["einsum"](inputs)  # type: ignore[misc]
        else:
            flat = inputs if summed == 1 else inputs.flatten(-summed)
            y = self._modules["linear"](flat)  # type: ignore[misc]
            if len(self._kernel_shape) > summed + 1:
                y = y.unflatten(-1, self._kernel_shape[summed:])
        if self._bias_apart:
            y = y + self._apart()
        return y if self._activate is None else self._activate(y)

    def _apart(self) -> Tensor:
        bias: Tensor = self.bias.value  # type: ignore[union-attr]
        is_cut = self.quantization_mode == "float8" and bias.dtype == torch.float32
        return cut_bias(bias) if is_cut else bias

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, read from the attributes."""
        columns = self.gptq_unpacked_column_size
        return {
            **{name: encode(getattr(self, name)) for name in _ARGUMENTS},
            **self.lora_config(),
            **({"gptq_unpacked_column_size": columns} if columns else {}),
            "output_shape": self.partial_output_shape,
            "activity_regularizer": encode(self.activity_regularizer),
        }


def _checked(output_shape: Any) -> Sizes:
    sizes = tuple(output_shape) if isinstance(output_shape, (tuple, list)) else (output_shape,)
    if output_shape is None or not all(
        size is None or (isinstance(size, int) and not isinstance(size, bool) and size > 0)
        for size in sizes
    ):
        raise ValueError(
            "`output_shape` must be a positive integer, or a tuple of them and None. "
            f"Received: output_shape={output_shape!r}."
        )
    return sizes
