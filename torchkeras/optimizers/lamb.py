"""`Lamb`."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .betas import check_betas, rounded_power
from .clipping import joint_norms
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate


class Lamb(KernelOptimizer):
    """Adam whose step on each variable is as long as `lr` times the variable.

    `w -= lr * |w| / |u| * u` with `u = m / (1 - beta_1ᵗ) / (sqrt(v / (1 - beta_2ᵗ)) + epsilon)`;
    where one of the norms is 0, `w -= lr * u`.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        beta_1: The weight of the past in the mean of the gradient.
        beta_2: The weight of the past in the mean of its square.
        epsilon: What is added to the root.

    The other arguments are those of `Optimizer`.

    Raises:
        ValueError: If a beta is not in [0, 1).

    Source:
        You et al., "Large Batch Optimization for Deep Learning", arXiv:1904.00962.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.Lamb(0.1).apply([[5.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        0.9
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
        self._momentums, self._velocities = self.add_optimizer_variables(
            self._trainable_variables, ["momentum", "velocity"]
        )

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        first = 1.0 - rounded_power(self.beta_1, step, dtype)
        return rate, first, 1.0 - rounded_power(self.beta_2, step, dtype)

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: float) -> None:
        rate, first, second = coefficients
        grads = bundle.aligned(grads)
        state = bundle.state
        torch._foreach_lerp_(state["momentum"], grads, 1 - self.beta_1)
        torch._foreach_mul_(bundle.pieces["velocity"], bundle.number(self.beta_2))
        torch._foreach_addcmul_(state["velocity"], grads, grads, value=1 - self.beta_2)
        steps, whole = bundle.scratch()
        for piece, velocity in zip(whole, bundle.pieces["velocity"], strict=True):
            torch.div(velocity, second, out=piece).sqrt_().add_(bundle.number(self.epsilon)).mul_(
                first
            )
        torch._foreach_reciprocal_(whole)
        torch._foreach_mul_(steps, state["momentum"])
        torch._foreach_mul_(steps, _ratios(bundle, steps))
        torch._foreach_add_(bundle.params, steps, alpha=-rate)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


def _ratios(bundle: Bundle, steps: list[Tensor]) -> list[Tensor]:
    """Return the norm of each variable over that of its step, one for each parameter."""
    weights = torch.stack(joint_norms(bundle.params, bundle.spans))
    lengths = torch.stack(joint_norms(steps, bundle.spans))
    ratios = torch.where((weights > 0) & (lengths > 0), weights / lengths, 1.0)
    return list(ratios.unbind())
