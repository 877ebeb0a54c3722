"""`Nadam`."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from torchkeras._base import settings
from torchkeras._base.dtypes import to_torch
from torchkeras._base.naming import auto_name

from .betas import check_betas, rounded_power
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle, Selection
from .state import LearningRate


class Nadam(KernelOptimizer):
    """Adam with Nesterov momentum, `w -= lr * m̂ / (sqrt(v / (1 - beta_2ᵗ)) + epsilon)`.

    `m̂ = uₜ₊₁ * m / (1 - u₁⋯uₜ₊₁) + (1 - uₜ) * g / (1 - u₁⋯uₜ)` with
    `uₜ = beta_1 * (1 - 0.5 * 0.96ᵗ)`.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        beta_1: The weight of the past in the mean of the gradient.
        beta_2: The weight of the past in the mean of its square.
        epsilon: What is added to the root.

    The other arguments are those of `Optimizer`.

    Raises:
        ValueError: If a beta is not in [0, 1).

    Source:
        Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop (2016).

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.Nadam(0.1).apply([[5.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        0.894
    """

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
        check_betas(beta_1=beta_1, beta_2=beta_2)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        trained = self._trainable_variables
        self._momentums, self._velocities = self.add_optimizer_variables(
            trained, ["momentum", "velocity"]
        )
        dtype = trained[0].dtype if trained else settings.floatx()
        self._u_product = self._scalar(1.0, dtype, auto_name("variable"))

    def _update(self, chosen: Selection, grads: list[Tensor], rate: float) -> None:
        self._u_product.set(self._u_product.number * self._share(self._updates + 1))
        super()._update(chosen, grads, rate)

    def _share(self, step: int) -> float:
        """Return the momentum of a step, which rises from half of `beta_1` to all of it."""
        precision = to_torch(self._u_product.dtype)
        return float(self.beta_1 * (1.0 - 0.5 * rounded_power(0.96, step, precision)))

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        product, now, then = self._u_product.number, self._share(step), self._share(step + 1)
        second = 1.0 - rounded_power(self.beta_2, step, dtype)
        mean = rate * then / (1.0 - product * then)
        return mean, rate * (1.0 - now) / (1.0 - product), second

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: float) -> None:
        of_mean, of_grad, correction = coefficients
        grads = bundle.aligned(grads)
        state, velocities = bundle.state, bundle.pieces["velocity"]
        torch._foreach_lerp_(state["momentum"], grads, 1 - self.beta_1)
        torch._foreach_mul_(velocities, bundle.number(self.beta_2))
        torch._foreach_addcmul_(state["velocity"], grads, grads, value=1 - self.beta_2)
        roots, whole = bundle.scratch()
        for piece, velocity in zip(whole, velocities, strict=True):
            torch.div(velocity, correction, out=piece).sqrt_().add_(bundle.number(self.epsilon))
        torch._foreach_addcdiv_(bundle.params, state["momentum"], roots, value=-of_mean)
        torch._foreach_addcdiv_(bundle.params, grads, roots, value=-of_grad)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
