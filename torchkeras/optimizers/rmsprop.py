"""`RMSprop`."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .factors import Factor, add_quotients_
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate


class RMSprop(KernelOptimizer):
    """Steps divided by a running root mean square, `w -= lr * g / sqrt(v + epsilon)`.

    `v = rho * v + (1 - rho) * g²`; centered, the square of a running mean of `g` is taken from `v`.
    With momentum, `m = momentum * m + step; w -= m`.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        rho: The weight of the past in the running means.
        momentum: The share of the last step that goes on in the next.
        epsilon: What is added below the root.
        centered: Whether the variance of the gradient is taken instead of its mean square.

    The other arguments are those of `Optimizer`.

    Source:
        Hinton, "Neural Networks for Machine Learning", lecture 6 (2012).

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.RMSprop(0.1, rho=0.0).apply([[5.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        0.9
    """

    kernel_takes_tensors = True

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        trained = self._trainable_variables
        self._velocities = self.add_optimizer_variables(trained, "velocity")
        self._momentums = []
        if self.momentum > 0:
            self._momentums = self.add_optimizer_variables(trained, "momentum")
        self._average_gradients = []
        if self.centered:
            self._average_gradients = self.add_optimizer_variables(trained, "average_gradient")

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        return (rate,)

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: Factor) -> None:
        (rate,) = coefficients
        grads = bundle.aligned(grads)
        torch._foreach_mul_(bundle.pieces["velocity"], bundle.number(self.rho))
        torch._foreach_addcmul_(bundle.state["velocity"], grads, grads, value=1 - self.rho)
        roots = self._roots(bundle, grads)
        if self.momentum > 0:
            torch._foreach_mul_(bundle.pieces["momentum"], bundle.number(self.momentum))
            add_quotients_(bundle.state["momentum"], grads, roots, rate)
            torch._foreach_sub_(bundle.params, bundle.state["momentum"])
        else:
            add_quotients_(bundle.params, grads, roots, -rate)

    def _roots(self, bundle: Bundle, grads: list[Tensor]) -> list[Tensor]:
        """Return what the gradients are divided by, in scratch memory."""
        roots, pieces = bundle.scratch()
        for piece, velocity in zip(pieces, bundle.pieces["velocity"], strict=True):
            torch.add(velocity, bundle.number(self.epsilon), out=piece)
        if self.centered:
            means = bundle.pieces["average_gradient"]
            torch._foreach_mul_(means, bundle.number(self.rho))
            torch._foreach_add_(bundle.state["average_gradient"], grads, alpha=1 - self.rho)
            torch._foreach_addcmul_(pieces, means, means, value=-1)
        torch._foreach_sqrt_(pieces)
        return roots

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
