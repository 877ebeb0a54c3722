"""`Adamax`."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .betas import check_betas, rounded_power
from .factors import Factor, add_quotients_
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate


class Adamax(KernelOptimizer):
    """Adam with the largest gradient in place of the mean square.

    `m = beta_1 * m + (1 - beta_1) * g`, `u = max(beta_2 * u, |g|)` and
    `w -= lr * m / ((1 - beta_1ᵗ) * (u + epsilon))`.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        beta_1: The weight of the past in the mean of the gradient.
        beta_2: The weight of the past in the largest gradient.
        epsilon: What is added to the largest gradient.

    The other arguments are those of `Optimizer`.

    Raises:
        ValueError: If `beta_1` is not in [0, 1).

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", arXiv:1412.6980, section 7.1.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.Adamax(0.1).apply([[5.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        0.9
    """

    kernel_takes_tensors = True

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
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
        check_betas(beta_1=beta_1)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        self._m, self._u = self.add_optimizer_variables(
            self._trainable_variables, ["momentum", "norm"]
        )

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        return (rate / (1.0 - rounded_power(self.beta_1, step, dtype)),)

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: Factor) -> None:
        (rate,) = coefficients
        grads = bundle.aligned(grads)
        norms, sizes = bundle.state["norm"], bundle.scratch()
        torch._foreach_lerp_(bundle.state["momentum"], grads, 1 - self.beta_1)
        torch._foreach_mul_(bundle.pieces["norm"], bundle.number(self.beta_2))
        torch._foreach_copy_(sizes[0], grads)
        torch._foreach_abs_(sizes[1])
        torch._foreach_maximum_(norms, sizes[0])
        for size, norm in zip(sizes[1], bundle.pieces["norm"], strict=True):
            torch.add(norm, bundle.number(self.epsilon), out=size)
        add_quotients_(bundle.params, bundle.state["momentum"], sizes[0], -rate)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
