"""`ScheduleFreeAdamW`."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .betas import check_betas, rounded, rounded_power
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate


class ScheduleFreeAdamW(KernelOptimizer):
    """AdamW that averages its path and therefore needs no schedule.

    The path is `z -= lr * g / (sqrt(v / (1 - beta_2ᵗ)) + epsilon)`, and the weights are its mean so
    far, `w += (z - w) / t`. On other backends Keras has `1 - beta_1` of `z` in the weights; here,
    as in Keras on torch, `beta_1` changes nothing.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        beta_1: Kept for Keras's signature; see above.
        beta_2: The weight of the past in the mean of its square.
        epsilon: What is added to the root.
        warmup_steps: Over how many steps the learning rate rises from 0.

    The other arguments are those of `Optimizer`.

    Raises:
        ValueError: If `beta_2` is not in [0, 1).

    Source:
        Defazio et al., "The Road Less Scheduled", arXiv:2405.15682.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.ScheduleFreeAdamW(0.1).apply([[5.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        0.9
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
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
        check_betas(beta_2=beta_2)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        self._momentums, self._velocities = self.add_optimizer_variables(
            self._trainable_variables, ["momentum", "velocity"]
        )
        for path, variable in zip(self._momentums, self._trainable_variables, strict=True):
            if path is not None:
                path.assign(variable)

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        if self.warmup_steps > 0:
            rate *= min(step / self.warmup_steps, 1.0)
        correction = 1.0 - rounded_power(self.beta_2, step, dtype)
        return rate, 1.0 / step, 1.0 - rounded(self.beta_2, dtype), correction

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: float) -> None:
        rate, share, fresh, correction = coefficients
        grads = bundle.aligned(grads)
        paths, velocities = bundle.state["momentum"], bundle.pieces["velocity"]
        torch._foreach_mul_(velocities, bundle.number(self.beta_2))
        torch._foreach_addcmul_(bundle.state["velocity"], grads, grads, value=fresh)
        roots, whole = bundle.scratch()
        for piece, velocity in zip(whole, velocities, strict=True):
            torch.div(velocity, correction, out=piece).sqrt_().add_(bundle.number(self.epsilon))
        torch._foreach_addcdiv_(paths, grads, roots, value=-rate)
        torch._foreach_lerp_(bundle.params, paths, share)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "warmup_steps": self.warmup_steps,
        }
