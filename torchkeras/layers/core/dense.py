"""`Dense`: a matrix product."""

from typing import Any

import torch
from torch import Tensor, nn

from torchkeras import constraints, initializers, regularizers
from torchkeras._base.messages import positive_int
from torchkeras._state.layout import TRANSPOSED
from torchkeras._state.slot import Slot
from torchkeras.layers.base.activated import Activated
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.base.plain import may_overwrite
from torchkeras.layers.base.weights import known_size
from torchkeras.layers.layer import Layer
from torchkeras.layers.quantized.quantizable import QuantizableKernel

_LARGE = 2**14  # entries whose second copy costs more than finding out that none is needed


class Dense(Activated, QuantizableKernel, Layer):
    """A fully connected layer: `activation(inputs @ kernel + bias)`.

    Args:
        units: The size of the outputs' last axis.
        activation: A name, object or function applied to the outputs.
        use_bias: Whether a bias is added.
        kernel_initializer: How the kernel starts.
        bias_initializer: How the bias starts.
        kernel_regularizer: Adds a penalty on the kernel to the loss.
        bias_regularizer: Adds a penalty on the bias to the loss.
        activity_regularizer: Adds a penalty on the outputs to the loss.
        kernel_constraint: Applied to the kernel after each optimizer step.
        bias_constraint: Applied to the bias after each optimizer step.
        lora_rank: The rank of a correction that is trained in the kernel's place (`enable_lora`).
        lora_alpha: The correction is multiplied by `lora_alpha / lora_rank`; the rank if not given.
        quantization_config: How the layer is quantized, if its dtype policy says that it is.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, ..., in)`.

    Output shape:
        `(batch, ..., units)`.

    Variables:
        kernel: `(in, units)`; torch keeps it as `linear.weight`, `(units, in)`.
        bias: `(units,)`.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.Dense(3, activation="relu")(torch.ones(2, 4)).shape)
        (2, 3)
    """

    computes_in_floats = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = positive_int("units", units)
        self.activation = activation
        self.use_bias = use_bias
        self.quantization_config = quantization_config
        self.take_lora(lora_rank, lora_alpha)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def variable_slots(self) -> dict[str, Slot]:
        return {"kernel": Slot("linear.weight", TRANSPOSED), "bias": Slot("linear.bias")}

    def build(self, input_shape: Any) -> None:
        size = known_size(input_shape, -1, self)
        self.linear = self.stock(nn.Linear, size, self.units, bias=self.use_bias)
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        # nn.Module finds attributes slower than Linear multiplies small matrices.
        linear: Any = self._modules["linear"]
        outputs: Tensor = linear(inputs)
        activate = self._activate
        if activate is None:
            return outputs
        # A traced program is for batches of any size, so it must not look at one.
        may_look = self._rectifies and not torch.compiler.is_compiling()
        if may_look and outputs.numel() >= _LARGE and may_overwrite(outputs, linear, nn.Linear):
            return torch.relu_(outputs)
        return activate(outputs)

    def attribute_config(self) -> dict[str, Any]:
        config = super().attribute_config()
        del config["lora_rank"], config["lora_alpha"]
        return {**config, **self.lora_config()}
