"""`SGD`."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show

from .factors import Factor, add_
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate


class SGD(KernelOptimizer):
    """Gradient descent, `w -= lr * g`, or with momentum `v = momentum * v - lr * g; w += v`.

    With Nesterov's momentum, `w += momentum * v - lr * g` after the same `v`. Other than in torch,
    the learning rate is inside `v`, so a lower rate shows only after a while.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        momentum: The share of the last step that goes on in the next, from 0 to 1.
        nesterov: Whether the momentum is Nesterov's.

    The other arguments are those of `Optimizer`.

    Raises:
        ValueError: If `momentum` is not a float from 0 to 1.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.SGD(0.1).apply([[1.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        0.9
    """

    kernel_takes_tensors = True

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        if not isinstance(momentum, float) or not 0 <= momentum <= 1:
            raise ValueError(
                "`momentum` must be a float between [0, 1]. "
                f"Received: momentum={show(momentum)} (of type {type(momentum).__name__})."
            )
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, variables: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(variables)
        self.momentums = []
        if self.momentum != 0:
            self.momentums = self.add_optimizer_variables(self._trainable_variables, "momentum")

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        return (rate,)

    def _obeys(self, bundle: Bundle) -> bool:
        several = self.weight_decay or (self.momentum != 0 and self.nesterov)
        return bundle.fuses_sgd and not several

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: Factor) -> None:
        (rate,) = coefficients
        params = bundle.params
        if self.momentum == 0 and bundle.found is None:
            add_(params, grads, -rate)
        elif self.momentum == 0:
            self._conditional(bundle, bundle.aligned(grads), rate)
        elif bundle.fuses_sgd and not isinstance(rate, Tensor):
            self._fused(bundle, bundle.aligned(grads), rate)
        else:
            self._plain(bundle, grads, rate)

    def _fused(self, bundle: Bundle, grads: list[Tensor], rate: float) -> None:
        """Make Keras's rule of torch's `b = momentum * b - (1 - dampening) * g; w -= lr * b`."""
        torch._fused_sgd_(
            bundle.params,
            grads,
            bundle.state["momentum"],
            weight_decay=0.0,
            momentum=self.momentum,
            lr=-self.momentum if self.nesterov else -1.0,
            dampening=1.0 - rate,
            nesterov=False,
            maximize=True,
            is_first_step=False,
            found_inf=bundle.found,
        )
        if self.nesterov:
            torch._foreach_add_(bundle.params, grads, alpha=-rate)

    def _conditional(self, bundle: Bundle, grads: list[Tensor], rate: Factor) -> None:
        """Leave the step out if gradients overflowed, which only the device knows."""
        torch._fused_sgd_(
            bundle.params, grads, [], weight_decay=0.0, momentum=0.0, lr=rate, dampening=0.0,
            nesterov=False, maximize=False, is_first_step=False, found_inf=bundle.found,
        )  # fmt: skip

    def _plain(self, bundle: Bundle, grads: list[Tensor], rate: Factor) -> None:
        velocities = bundle.state["momentum"]
        torch._foreach_mul_(bundle.pieces["momentum"], bundle.number(self.momentum))
        add_(velocities, grads, -rate)
        if self.nesterov:
            torch._foreach_add_(bundle.params, velocities, alpha=self.momentum)
            add_(bundle.params, grads, -rate)
        else:
            torch._foreach_add_(bundle.params, velocities)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
