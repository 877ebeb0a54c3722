"""`Adagrad`."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from torchkeras.initializers import Constant

from .factors import Factor, add_quotients_
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate


class Adagrad(KernelOptimizer):
    """Steps divided by the root of all squares so far, `a += g²; w -= lr * g / sqrt(a + epsilon)`.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        initial_accumulator_value: What the sum of squares begins with.
        epsilon: What is added below the root.

    The other arguments are those of `Optimizer`.

    Source:
        Duchi, Hazan & Singer, "Adaptive Subgradient Methods", JMLR 12 (2011).

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.Adagrad(0.1, initial_accumulator_value=0.0).apply([[5.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        0.9
    """

    kernel_takes_tensors = True

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        initial_accumulator_value: float = 0.1,
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
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        self._accumulators = self.add_optimizer_variables(
            self._trainable_variables, "accumulator", Constant(self.initial_accumulator_value)
        )

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        return (rate,)

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: Factor) -> None:
        (rate,) = coefficients
        grads = bundle.aligned(grads)
        torch._foreach_addcmul_(bundle.state["accumulator"], grads, grads)
        roots = bundle.root_of("accumulator", self.epsilon)
        add_quotients_(bundle.params, grads, roots, -rate)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
