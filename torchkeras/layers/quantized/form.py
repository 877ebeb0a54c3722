"""`Quantized`: a stock module of torch whose float weight has been replaced by whole numbers.

A module becomes quantized by a change of its class, as with LoRA: it stays the same object, its
bias and its corrections keep their places in `state_dict`, its hooks stay, and modules that are
not quantized pay nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.autograd import Function

Quantizer = Callable[[Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Settings:
    """How a module is quantized.

    Attributes:
        inputs_quantizer: What makes whole numbers of the inputs, or `None`.
        block_size: How many inputs share a scale; `None` for all.
        second: Whether the module shares the layer with another one, whose groups are its own too.
    """

    inputs_quantizer: Any = None
    block_size: int | None = None
    second: bool = False


class Quantized(nn.Module):
    """A module whose weight is kept in buffers of whole numbers and their scales."""

    # What is added to the weight's name for each buffer, in Keras's order.
    shown: ClassVar[dict[str, str]] = {"weight": "", "scale": "_scale"}

    weight: Tensor
    scale: Tensor
    inputs_quantizer: Any

    def make_room(self, weight: Tensor, settings: Settings) -> None:
        """Make the buffers for a float weight, without its numbers.

        Args:
            weight: The float weight; its shape, dtype and device count.
            settings: How the module is quantized.
        """
        raise NotImplementedError

    def take(self, weight: Tensor, quantizer: Quantizer | None) -> None:
        """Fill the buffers with a float weight.

        Args:
            weight: The float weight, laid out as the stock module has it.
            quantizer: What makes whole numbers and scales, one a row; the usual ones if `None`.
        """
        raise NotImplementedError

    def restored(self, dtype: torch.dtype) -> Tensor:
        """Return the float weight, as the stock module has it, as far as it has survived.

        Args:
            dtype: Its dtype.
        """
        raise NotImplementedError

    def _keep(self, name: str, value: Tensor) -> None:
        self._buffers[name] = value
        self._non_persistent_buffers_set.discard(name)


def become(module: nn.Module, kind: type[Quantized], settings: Settings) -> Tensor:
    """Make a stock module quantized, without numbers, and return its float weight.

    Args:
        module: The module.
        kind: Its new class.
        settings: How it is quantized.
    """
    weight = module._parameters.pop("weight")
    assert weight is not None
    module.__class__ = kind
    assert isinstance(module, Quantized)
    module.inputs_quantizer = settings.inputs_quantizer
    module.make_room(weight.detach(), settings)
    return weight.detach()


class _Straight(Function):
    """A product that was computed apart; its gradient is that of the product with floats."""

    @staticmethod
    def forward(x: Tensor, product: Tensor, restored: Callable[[torch.dtype], Tensor]) -> Tensor:
        return product.view_as(product)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.restored = inputs[2]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = gradients
        return gradient @ ctx.restored(gradient.dtype), None, None


def straight(x: Tensor, product: Tensor, restored: Callable[[torch.dtype], Tensor]) -> Tensor:
    """Return a product whose gradient for `x` is the one with the restored weight.

    The weight is restored again in the backward pass: floats of its size are never kept.

    Args:
        x: The inputs.
        product: What was computed of them, apart from autograd.
        restored: Returns the float weight, `(outputs, inputs)`, in a dtype.
    """
    if x.requires_grad and not torch.compiler.is_exporting():
        found: Tensor = _Straight.apply(x, product, restored)
        return found
    return product
