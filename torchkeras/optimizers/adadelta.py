"""`Adadelta`."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .factors import Factor, add_
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate


class Adadelta(KernelOptimizer):
    """Steps as large as the last ones, `d = g * sqrt((u + epsilon) / (a + epsilon)); w -= lr * d`.

    `a` and `u` are running means of `g²` and `d²`.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        rho: The weight of the past in the running means.
        epsilon: What is added below both roots.

    The other arguments are those of `Optimizer`.

    Source:
        Zeiler, "ADADELTA: An Adaptive Learning Rate Method", arXiv:1212.5701.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.Adadelta(1.0, rho=0.0, epsilon=0.04).apply([[0.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        1.0
    """

    kernel_takes_tensors = True

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        rho: float = 0.95,
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
        self.rho = rho
        self.epsilon = epsilon

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        self._accumulated_grads, self._accumulated_delta_vars = self.add_optimizer_variables(
            self._trainable_variables, ["accumulated_grad", "accumulated_delta_var"]
        )

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        return (rate,)

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: Factor) -> None:
        (rate,) = coefficients
        grads = bundle.aligned(grads)
        state, whole, rho = bundle.state, bundle.pieces, bundle.number(self.rho)
        torch._foreach_mul_(whole["accumulated_grad"], rho)
        torch._foreach_addcmul_(state["accumulated_grad"], grads, grads, value=1 - self.rho)
        roots = bundle.root_of("accumulated_grad", self.epsilon)
        steps = bundle.root_of("accumulated_delta_var", self.epsilon, number=1)
        torch._foreach_div_(steps, roots)
        torch._foreach_mul_(steps, grads)
        torch._foreach_mul_(whole["accumulated_delta_var"], rho)
        torch._foreach_addcmul_(state["accumulated_delta_var"], steps, steps, value=1 - self.rho)
        add_(bundle.params, steps, -rate)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rho": self.rho,
            "epsilon": self.epsilon,
        }
