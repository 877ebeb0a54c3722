"""`SpectralNormalization`: a kernel whose largest singular value is kept at 1."""

from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from torchkeras._base.messages import positive_int
from torchkeras._base.settings import epsilon
from torchkeras._state.variable import Variable
from torchkeras.initializers import TruncatedNormal
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.core.wrapper import Wrapper


class SpectralNormalization(Wrapper):
    """A layer whose kernel is divided by its largest singular value at each call in training.

    The singular value is found by power iteration: `v = u @ kernelᵀ` and `u = v @ kernel`, both of
    length 1, so that `sigma = v @ kernel @ uᵀ`. No gradient flows through it.

    Args:
        layer: A layer with a `kernel` or `embeddings`.
        power_iterations: How many iterations are made at each call.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        The layer's.

    Output shape:
        The layer's.

    Variables:
        vector_u: `(1, out)`; not trained.

    Raises:
        ValueError: If `power_iterations` is not positive, or the layer has no such variable.

    Differs from Keras:
        One pass of gradients may go through several calls, as GANs need it. The outputs of an
        `Embedding` stay floats; Keras cuts them off to the whole numbers that its inputs are.

    Source:
        Miyato et al. 2018, https://arxiv.org/abs/1802.05957

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.SpectralNormalization(torchkeras.layers.Dense(3), 50)
        >>> _ = layer(torch.ones(2, 4), training=True)
        >>> round(float(torch.linalg.matrix_norm(layer.layer.linear.weight.data, 2)), 3)
        1.0
    """

    keeps_variable_dtype = True  # the kernel itself is divided, not a copy in another dtype
    kernel: Variable
    vector_u: Variable

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = positive_int("power_iterations", power_iterations)

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        kernel: Any = getattr(self.layer, "kernel", None)
        if kernel is None:
            kernel = getattr(self.layer, "embeddings", None)
        if not isinstance(kernel, Variable):
            raise ValueError(
                "`layer` must have a `kernel` or `embeddings`. "
                f"Received: layer={self.layer!r} (of type {type(self.layer).__name__})."
            )
        self.kernel = kernel
        self._variables.append(kernel)  # as in Keras, it is listed before `vector_u`
        self.vector_u = self.add_weight(
            shape=(1, self.kernel.shape[-1]),
            initializer=TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
        )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training:
            return self.layer(inputs)
        self._normalize()
        if not torch.is_grad_enabled():
            return self.layer(inputs)
        # The backward pass keeps copies: the next call in training writes into the kernel again.
        parts = {id(part) for part in self.kernel.parameters}
        named = self.layer.named_parameters()
        copies = {name: value.clone() for name, value in named if id(value) in parts}
        return functional_call(self.layer, copies, (inputs,))

    def compute_output_spec(self, inputs: Any, training: bool = False) -> Any:
        return super().compute_output_spec(inputs)  # symbols must not change the kernel

    @torch.no_grad()
    def _normalize(self) -> None:
        """Divide the kernel by its largest singular value, unless it is zero."""
        kernel, start = self.kernel.value, self.vector_u.value
        matrix = kernel.to(torch.promote_types(kernel.dtype, torch.float32))
        matrix = matrix.reshape(-1, kernel.shape[-1])
        u = v = start.to(matrix.dtype)
        for _ in range(self.power_iterations):
            v = _unit(u @ matrix.T)
            u = _unit(v @ matrix)
        is_zero = ~kernel.any()
        sigma = torch.where(is_zero, 1, v @ matrix @ u.T).reshape(())
        for part in self.kernel.parameters:
            part.div_(sigma.to(part.dtype))
        self.vector_u.assign(torch.where(is_zero, start, u.to(start.dtype)))


def _unit(x: Tensor) -> Tensor:
    return x / torch.linalg.vector_norm(x).clamp(min=epsilon())
