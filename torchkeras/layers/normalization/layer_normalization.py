"""`LayerNormalization`: each sample to mean 0 and variance 1."""

import warnings
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchkeras import constraints, initializers, regularizers
from torchkeras._state.slot import Slot
from torchkeras.layers.base.weights import known_size
from torchkeras.layers.layer import Layer

from .statistics import axes_of, check_axis


class LayerNormalization(Layer):
    """Normalize each sample: `gamma · (inputs - mean) / √(variance + epsilon) + beta`.

    Under a mixed dtype policy it computes in float32.

    Args:
        axis: The axis, or axes, over which mean and variance are taken.
        epsilon: Keeps the division finite.
        center: Whether `beta` is added.
        scale: Whether `gamma` is multiplied.
        beta_initializer: How `beta` starts.
        gamma_initializer: How `gamma` starts.
        beta_regularizer: Adds a penalty on `beta` to the loss.
        gamma_regularizer: Adds a penalty on `gamma` to the loss.
        beta_constraint: Applied to `beta` after each optimizer step.
        gamma_constraint: Applied to `gamma` after each optimizer step.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's.

    Variables:
        gamma: The input's sizes along `axis`; torch keeps it as `norm.weight`.
        beta: The same sizes; torch keeps it as `norm.bias`.

    Raises:
        ValueError: If an axis is not one of the input's.

    Differs from Keras:
        Any axes are possible; Keras on torch only normalizes over the last ones. Whole numbers are
        normalized to floats; Keras cuts the results off to whole numbers.

    Source:
        Ba et al. 2016, https://arxiv.org/abs/1607.06450

    Example:
        >>> import torch, torchkeras
        >>> torchkeras.layers.LayerNormalization(epsilon=0.0)(torch.tensor([[1.0, 3.0]])).tolist()
        [[-1.0, 1.0]]
    """

    keeps_variable_dtype = True
    # The axes, and the places at the end that they are moved to for torch's kernel.
    _moved: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        rms_scaling = kwargs.pop("rms_scaling", False)
        super().__init__(**kwargs)
        self.rms_scaling = _warned(rms_scaling)
        self.axis = axes_of(axis)
        self.epsilon = epsilon
        self.center, self.scale = center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True
        self.autocast = False

    def variable_slots(self) -> dict[str, Slot]:
        return {"gamma": Slot("norm.weight"), "beta": Slot("norm.bias")}

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        self.axis = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        for axis in self.axis:
            check_axis(axis, input_shape, self.name)
        sizes = [known_size(input_shape, axis, self) for axis in self.axis]
        self.norm = self.stock(nn.LayerNorm, sizes, eps=self.epsilon)
        if not (self.scale or self.rms_scaling):
            self.norm.weight = None  # type: ignore[assignment]
        if not self.center or self.rms_scaling:
            self.norm.bias = None  # type: ignore[assignment]
        axes, last = tuple(a % rank for a in self.axis), tuple(range(rank - len(sizes), rank))
        object.__setattr__(self, "_moved", None if axes == last else (axes, last))

    def call(self, inputs: Tensor) -> Tensor:
        half = inputs.dtype in (torch.float16, torch.bfloat16) or not inputs.is_floating_point()
        x = inputs.float() if half else inputs
        if self._moved is None:
            return self._normalized(x).to(self.torch_dtype)
        axes, last = self._moved
        y = self._normalized(x.movedim(axes, last)).movedim(last, axes)
        return y.to(self.torch_dtype)

    def _normalized(self, x: Tensor) -> Tensor:
        norm: Any = self._modules["norm"]
        parameters = [p for p in norm._parameters.values() if p is not None]
        if not self.rms_scaling and all(p.dtype is x.dtype for p in parameters):
            return norm(x)
        gamma, beta = (None if p is None else p.to(x.dtype) for p in (norm.weight, norm.bias))
        if not self.rms_scaling:
            return F.layer_norm(x, norm.normalized_shape, gamma, beta, self.epsilon)
        dims = tuple(range(-len(norm.normalized_shape), 0))
        scale = torch.rsqrt(x.var(dims, correction=0, keepdim=True) + self.epsilon)
        return x * scale * norm.weight.to(x.dtype)

    def attribute_config(self) -> dict[str, Any]:
        return {**super().attribute_config(), "rms_scaling": self.rms_scaling}


def _warned(rms_scaling: bool) -> bool:
    if rms_scaling:
        warnings.warn(
            "`rms_scaling=True` is deprecated: it divides by the root of the variance, not by the "
            "root mean square. Use `RMSNormalization` instead.",
            stacklevel=3,
        )
    return rms_scaling
