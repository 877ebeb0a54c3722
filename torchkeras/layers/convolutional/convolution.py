"""What `Conv1D`, `Conv2D` and `Conv3D` share."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from torchkeras import constraints, initializers, regularizers
from torchkeras._base.messages import positive_int
from torchkeras._state.layout import conv_kernel
from torchkeras._state.slot import Slot
from torchkeras.layers.base.channels import from_images, to_images
from torchkeras.layers.base.config import encode
from torchkeras.layers.base.lora import AdaptableKernel

from .sliding import Sliding


class Convolution(AdaptableKernel, Sliding):
    """A convolution over `rank` axes."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.take_lora(kwargs.pop("lora_rank", None), kwargs.pop("lora_alpha", None))
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._set_window(kernel_size, strides, padding, data_format, dilation_rate)
        self._refuse_dilated_strides()
        self.filters = positive_int("filters", filters)
        self.groups = positive_int("groups", groups)
        self.activation = activation
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        if self.filters % self.groups:
            raise ValueError(
                "`filters` must be a multiple of `groups`. "
                f"Received: filters={filters}, groups={groups}."
            )

    @property
    def allows_causal(self) -> bool:
        """Whether `padding` may be `"causal"`."""
        return self.rank == 1

    def variable_slots(self) -> dict[str, Slot]:
        return {"kernel": Slot("conv.weight", conv_kernel(self.rank)), "bias": Slot("conv.bias")}

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"The input channels of layer {self.name!r} must be a multiple of `groups`. "
                f"Received: groups={self.groups}, {channels} channels in inputs of shape "
                f"{tuple(input_shape)}."
            )
        self.conv = self._sliding_module(
            input_shape, channels, self.filters, groups=self.groups, bias=self.use_bias
        )

    def call(self, inputs: Tensor) -> Tensor:
        conv = self._modules["conv"]
        return self._finish(self._slide(conv, to_images(inputs, self.data_format)), conv)

    def without_activation(self, inputs: Tensor) -> Tensor:
        """Return the outputs before the activation is applied.

        Args:
            inputs: What the layer is called with.
        """
        images = self._slide(self._modules["conv"], to_images(inputs, self.data_format))
        return from_images(images, self.data_format, self.rank)

    def attribute_config(self) -> dict[str, Any]:
        regularizer = {"activity_regularizer": encode(self.activity_regularizer)}
        return {**super().attribute_config(), **regularizer, **self.lora_config()}
