"""`Ftrl`."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras.initializers import Constant

from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate


class Ftrl(KernelOptimizer):
    """Follow the regularized leader, which sets weights of little use to zero.

    With `s = (a ** -p - (a + g²) ** -p) / lr` for the sum of squares `a` and the power `p`:
    `linear += g + 2 * l2_shrinkage * w + s * w`, `a += g²` and
    `w = (clip(linear, -l1, l1) - linear) / (a ** -p / lr + 2 * l2 + beta / lr)`.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        learning_rate_power: The power of the sum of squares that steps are multiplied by; 0 keeps
            the learning rate fixed.
        initial_accumulator_value: What the sum of squares begins with.
        l1_regularization_strength: The weight of the absolute values in the goal.
        l2_regularization_strength: The weight of the squares in the goal.
        l2_shrinkage_regularization_strength: The weight of the squares that acts on the gradient.
        beta: What is added to the root of the sum of squares.

    The other arguments are those of `Optimizer`.

    Raises:
        ValueError: If `learning_rate_power` is above 0, or another argument of its own below it;
            in a step, if the learning rate is 0.

    Source:
        McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([0.0])
        >>> torchkeras.optimizers.Ftrl(0.1, initial_accumulator_value=0.0).apply([[5.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        -0.1
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        if learning_rate_power > 0:
            raise ValueError(
                "`learning_rate_power` needs to be negative or zero. "
                f"Received: learning_rate_power={show(learning_rate_power)}."
            )
        _check_not_negative(
            initial_accumulator_value=initial_accumulator_value,
            l1_regularization_strength=l1_regularization_strength,
            l2_regularization_strength=l2_regularization_strength,
            l2_shrinkage_regularization_strength=l2_shrinkage_regularization_strength,
        )
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        self._accumulators, self._linears = self.add_optimizer_variables(
            self._trainable_variables,
            ["accumulator", "linear"],
            [Constant(self.initial_accumulator_value), "zeros"],
        )

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        if rate == 0:
            raise ValueError(
                "`Ftrl` divides by the learning rate, which is 0 now. Let the schedule begin with "
                "a small positive number."
            )
        return rate, 2.0 * (self.l2_regularization_strength + self.beta / (2.0 * rate))

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: float) -> None:
        rate, twice_l2 = coefficients
        grads = bundle.aligned(grads)
        sums, linears, params = bundle.state["accumulator"], bundle.state["linear"], bundle.params
        before, after = bundle.scratch(), bundle.scratch(1)
        self._power(bundle, before[1])
        torch._foreach_addcmul_(sums, grads, grads)
        self._power(bundle, after[1])
        torch._foreach_sub_(before[1], after[1])
        torch._foreach_mul_(before[1], 1.0 / rate)
        torch._foreach_add_(linears, grads)
        torch._foreach_add_(linears, params, alpha=2 * self.l2_shrinkage_regularization_strength)
        torch._foreach_addcmul_(linears, before[0], params)
        torch._foreach_mul_(after[1], 1.0 / rate)
        torch._foreach_add_(after[1], twice_l2)
        self._shrink(bundle, before[1])
        torch._foreach_copy_(params, before[0])
        torch._foreach_div_(params, after[0])

    def _power(self, bundle: Bundle, results: list[Tensor]) -> None:
        """Write the powers of the sums of squares into scratch memory."""
        for result, total in zip(results, bundle.pieces["accumulator"], strict=True):
            torch.pow(total, -self.learning_rate_power, out=result)

    def _shrink(self, bundle: Bundle, results: list[Tensor]) -> None:
        """Write `clip(linear, -l1, l1) - linear` into scratch memory."""
        l1 = self.l1_regularization_strength
        for result, linear in zip(results, bundle.pieces["linear"], strict=True):
            torch.clamp(linear, -l1, l1, out=result).sub_(linear)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }


def _check_not_negative(**arguments: float) -> None:
    for name, value in arguments.items():
        if value < 0:
            raise ValueError(
                f"`{name}` needs to be positive or zero. Received: {name}={show(value)}."
            )
