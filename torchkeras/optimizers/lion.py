"""`Lion`."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show

from .factors import Factor, add_
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate


class Lion(KernelOptimizer):
    """Steps of one size, `w -= lr * sign(beta_1 * m + (1 - beta_1) * g)`.

    `m = beta_2 * m + (1 - beta_2) * g` after the step.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        beta_1: The weight of the past in the direction of the step.
        beta_2: The weight of the past in the mean of the gradient.

    The other arguments are those of `Optimizer`.

    Raises:
        ValueError: If `beta_1` is not in (0, 1].

    Source:
        Chen et al., "Symbolic Discovery of Optimization Algorithms", arXiv:2302.06675.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.Lion(0.1).apply([[5.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        0.9
    """

    kernel_takes_tensors = True

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        if not 0 < beta_1 <= 1:
            raise ValueError(
                "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer "
                f"degenerates to SignSGD. Received: beta_1={show(beta_1)}. 0 itself is out, too."
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        self._momentums = self.add_optimizer_variables(self._trainable_variables, "momentum")

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        return (rate,)

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: Factor) -> None:
        (rate,) = coefficients
        grads = bundle.aligned(grads)
        means, (signs, whole) = bundle.pieces["momentum"], bundle.scratch()
        for sign, mean in zip(whole, means, strict=True):
            torch.mul(mean, bundle.number(self.beta_1), out=sign)
        torch._foreach_add_(signs, grads, alpha=1 - self.beta_1)
        torch._foreach_sign_(whole)
        add_(bundle.params, signs, -rate)
        torch._foreach_mul_(means, bundle.number(self.beta_2))
        torch._foreach_add_(bundle.state["momentum"], grads, alpha=1 - self.beta_2)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
        }
