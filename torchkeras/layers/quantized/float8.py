"""Training in floats of 8 bits: weights stay floats, and go through 8 bits before each product.

Inputs and kernel go through float8_e4m3fn, gradients of outputs through float8_e5m2, each divided
by a scale that follows the largest values of late. The new scales and histories come as gradients
of the old ones, and the optimizer writes them in their place, as in Keras.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from torchkeras.layers.base.einsum import Einsum
from torchkeras.quantizers import (
    compute_float8_amax_history,
    compute_float8_scale,
    quantize_and_dequantize,
)

_FORWARD, _BACKWARD = "float8_e4m3fn", "float8_e5m2"
STATE = tuple(
    f"{what}_{kind}"
    for what in ("inputs", "kernel", "outputs_grad")
    for kind in ("scale", "amax_history")
)


def _through(x: Tensor, scale: Tensor, dtype: str) -> Tensor:
    return quantize_and_dequantize(x, scale, dtype, x.dtype)


def _renewed(x: Tensor, scale: Tensor, history: Tensor, dtype: str) -> tuple[Tensor, Tensor]:
    """Return the next scale and the next history of largest values."""
    largest = torch.finfo(getattr(torch, dtype)).max
    new_scale = compute_float8_scale(history.amax(), scale, largest)
    return new_scale, compute_float8_amax_history(x, history)


class _Inputs(Function):
    """Floats of 8 bits; the gradient passes, and brings the next scale if there is one."""

    @staticmethod
    def forward(x: Tensor, scale: Tensor, history: Tensor, training: bool) -> Tensor:
        return _through(x, scale, _FORWARD)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, scale, history, ctx.training = inputs
        if ctx.training:
            ctx.save_for_backward(*_renewed(x.detach(), scale, history, _FORWARD))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        new = ctx.saved_tensors if ctx.training else (None, None)
        return gradients[0], *new, None


class _Outputs(Function):
    """The outputs as they are; their gradient goes through 8 bits."""

    @staticmethod
    def forward(x: Tensor, scale: Tensor, history: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[1:])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        (gradient,), (scale, history) = gradients, ctx.saved_tensors
        new = _renewed(gradient, scale, history, _BACKWARD)
        return _through(gradient, scale, _BACKWARD), *new


class Float8(nn.Module):
    """A module with a float weight and what is known of the sizes of late."""

    weight: Tensor
    inputs_scale: Tensor
    inputs_amax_history: Tensor
    kernel_scale: Tensor
    kernel_amax_history: Tensor
    outputs_grad_scale: Tensor
    outputs_grad_amax_history: Tensor

    def make_state(self, history_length: int) -> None:
        """Make the scales and histories.

        Args:
            history_length: Over how many steps the largest values are remembered.
        """
        for name in STATE:
            first = torch.ones(()) if name.endswith("_scale") else torch.zeros(history_length)
            setattr(self, name, nn.Parameter(first.to(self.weight.device, torch.float32)))

    def _product(self, x: Tensor, weight: Tensor) -> Tensor:
        raise NotImplementedError

    def _through_8_bits(self, x: Tensor) -> Tensor:
        inputs = self._cut(x, self.inputs_scale, self.inputs_amax_history)
        weight = self._cut(self.weight, self.kernel_scale, self.kernel_amax_history)
        outputs = self._product(inputs, weight)
        if not torch.is_grad_enabled() or torch.compiler.is_exporting():
            return outputs
        found: Tensor = _Outputs.apply(
            outputs, self.outputs_grad_scale, self.outputs_grad_amax_history
        )
        return found

    def _cut(self, x: Tensor, scale: Tensor, history: Tensor) -> Tensor:
        if not torch.is_grad_enabled() or torch.compiler.is_exporting():
            return _through(x, scale, _FORWARD)
        cut: Tensor = _Inputs.apply(x, scale, history, self.training)
        return cut


class Float8Linear(Float8, nn.Linear):
    """`nn.Linear` through floats of 8 bits."""

    def _product(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.linear(x, weight)

    def forward(self, input: Tensor) -> Tensor:
        """Return the product; a bias of 32 bits is cut to 16 (bfloat16), as GPUs add it."""
        product, bias = self._through_8_bits(input), self.bias
        if bias is None:
            return product
        return product + (bias if product.dtype != torch.float32 else cut_bias(bias))


class Float8Einsum(Float8, Einsum):
    """`Einsum` through floats of 8 bits."""

    def _product(self, x: Tensor, weight: Tensor) -> Tensor:
        return torch.einsum(self.equation, x, weight)

    def forward(self, input: Tensor) -> Tensor:
        """Return the product."""
        return self._through_8_bits(input)


def cut_bias(bias: Tensor) -> Tensor:
    """Return a bias as it comes back from bfloat16."""
    return bias.to(torch.bfloat16).to(bias.dtype)
