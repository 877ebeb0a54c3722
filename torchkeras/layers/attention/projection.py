"""`Projection`: the matrix products of attention, several axes at a time."""

import math
from typing import Any

from torch import Tensor, nn

from torchkeras import constraints, initializers, regularizers
from torchkeras._state.layout import SAME, TRANSPOSED, Reshaped
from torchkeras._state.slot import Slot
from torchkeras.layers.base.fans import with_axes
from torchkeras.layers.base.weights import known_size
from torchkeras.layers.layer import Layer
from torchkeras.layers.quantized.quantizable import QuantizableKernel


class Projection(QuantizableKernel, Layer):
    """A matrix product over the last axes: `(..., inputs) → (..., outputs)`.

    Args:
        output_shape: The sizes of the axes that come out.
        contracted: How many of the last axes go in.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        bias_initializer: How the bias starts.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        **kwargs: The keyword arguments of `Layer`.

    Variables:
        kernel: `(inputs, outputs)`; torch keeps it as `linear.weight`, flat and transposed.
        bias: `(outputs)`; `linear.bias`, flat.
    """

    def __init__(
        self,
        output_shape: tuple[int, ...],
        contracted: int,
        *,
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._outputs, self._contracted, self.use_bias = tuple(output_shape), contracted, use_bias
        self._inputs: tuple[int, ...] = ()
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def variable_slots(self) -> dict[str, Slot]:
        flat = (math.prod(self._inputs), math.prod(self._outputs))
        kernel = Reshaped(TRANSPOSED, flat, (*self._inputs, *self._outputs))
        bias = Reshaped(SAME, flat[1:], self._outputs)
        return {"kernel": Slot("linear.weight", kernel), "bias": Slot("linear.bias", bias)}

    def build(self, input_shape: Any) -> None:
        axes = range(-self._contracted, 0)
        self._inputs = tuple(known_size(input_shape, axis, self) for axis in axes)
        sizes = math.prod(self._inputs), math.prod(self._outputs)
        self.linear = self.stock(nn.Linear, *sizes, bias=self.use_bias)

    def _first_value(self, attribute: str, variable: Any) -> Any:
        count = len(self._inputs)
        outputs = range(count, count + len(self._outputs))
        start = with_axes(getattr(self, attribute), range(count), outputs)
        return start(variable.shape, dtype=self.variable_dtype)

    def call(self, inputs: Tensor) -> Tensor:
        flat = inputs if self._contracted == 1 else inputs.flatten(-self._contracted)
        y = self.linear(flat)
        return y if len(self._outputs) == 1 else y.unflatten(-1, self._outputs)
