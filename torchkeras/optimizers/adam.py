"""`Adam`."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .betas import check_betas, rounded_power
from .factors import Factor, add_quotients_
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate


class Adam(KernelOptimizer):
    """Steps along a running mean, `w -= lr * sqrt(1 - β₂ᵗ) / (1 - β₁ᵗ) * m / (sqrt(v) + epsilon)`.

    `m += (g - m) * (1 - β₁)` and `v += (g² - v) * (1 - β₂)`; AMSGrad takes the largest `v` so far.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        beta_1: The weight of the past in the mean of the gradient.
        beta_2: The weight of the past in the mean of its square.
        epsilon: What is added to the root: "epsilon hat" of the paper, not that of its algorithm 1.
        amsgrad: Whether the variant AMSGrad is used.

    The other arguments are those of `Optimizer`.

    Raises:
        ValueError: If `beta_1` or `beta_2` is not at least 0 and below 1.

    Differs from Keras:
        Keras takes such a beta, and gives NaN or does not train. For bfloat16 weights it rounds
        `beta_2` to 1 and does not train either; here the bias correction is always in float32.

    Source:
        Kingma & Ba, arXiv:1412.6980; Reddi, Kale & Kumar, "On the Convergence of Adam and Beyond".

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.Adam(0.1).apply([[5.0]], [v])
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
        amsgrad: bool = False,
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
        self.amsgrad = amsgrad

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        trained = self._trainable_variables
        self._momentums, self._velocities = self.add_optimizer_variables(
            trained, ["momentum", "velocity"]
        )
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(trained, "velocity_hat")

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        power_1 = rounded_power(self.beta_1, step, dtype)
        power_2 = rounded_power(self.beta_2, step, dtype)
        corrected = rate * math.sqrt(1.0 - power_2) / (1.0 - power_1)
        return corrected, (self.weight_decay or 0.0) * rate / corrected if corrected else 0.0

    def _decay(self, bundle: Bundle, share: float) -> None:
        if not (self._runs_kernels and self._decays_inside(bundle)):
            super()._decay(bundle, share)

    def _decays_inside(self, bundle: Bundle) -> bool:
        """Whether the fused kernel may decay the weights, all of them, as it passes."""
        return bundle.fuses_adam and len(bundle.decayed) == len(bundle.params)

    def _obeys(self, bundle: Bundle) -> bool:
        return bundle.fuses_adam and (not self.weight_decay or self._decays_inside(bundle))

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: Factor) -> None:
        corrected, decay = coefficients
        if not bundle.fuses_adam:
            self._plain(bundle, grads, corrected)
            return
        if isinstance(decay, Tensor) or not self._decays_inside(bundle):
            decay = 0.0  # the weights have been decayed
        state = bundle.state
        torch._fused_adamw_(
            bundle.params,
            bundle.aligned(grads),
            state["momentum"],
            state["velocity"],
            state["velocity_hat"] if self.amsgrad else [],
            bundle.late,  # the bias correction is in `lr`, where Keras's epsilon needs it
            lr=corrected,
            beta1=self.beta_1,
            beta2=self.beta_2,
            weight_decay=decay,
            eps=self.epsilon,
            amsgrad=self.amsgrad,
            maximize=False,
            found_inf=bundle.found,
        )

    def _plain(self, bundle: Bundle, grads: list[Tensor], rate: Factor) -> None:
        state, whole = bundle.state, bundle.pieces
        torch._foreach_lerp_(state["momentum"], grads, 1 - self.beta_1)
        torch._foreach_mul_(whole["velocity"], bundle.number(self.beta_2))
        torch._foreach_addcmul_(state["velocity"], grads, grads, value=1 - self.beta_2)
        seconds = whole["velocity"]
        if self.amsgrad:
            seconds = whole["velocity_hat"]
            torch._foreach_maximum_(seconds, whole["velocity"])
        roots, pieces = bundle.scratch()
        for piece, second in zip(pieces, seconds, strict=True):
            torch.sqrt(second, out=piece).add_(bundle.number(self.epsilon))
        add_quotients_(bundle.params, state["momentum"], roots, -rate)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }
