"""`Muon`."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._state.variable import Variable

from .betas import rounded_power
from .kernel_optimizer import KernelOptimizer
from .newton_schulz import orthogonalized
from .options import not_one_string
from .selection import Bundle
from .state import LearningRate


class Muon(KernelOptimizer):
    """Orthogonalized momentum for matrices, and AdamW for everything else.

    Variables of two axes that are no embeddings are matrices: `m = momentum * m + g`, and
    `w -= lr * sqrt(max(rows, columns)) * rms_rate * O(m)` with `O` for almost orthogonal.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        adam_beta_1: For AdamW, the weight of the past in the mean of the gradient.
        adam_beta_2: For AdamW, the weight of the past in the mean of its square.
        adam_weight_decay: The weight decay of what AdamW trains.
        epsilon: For AdamW, what is added to the root.
        weight_decay: The weight decay of the matrices.
        exclude_layers: Patterns; a matrix in whose path one is found is trained by AdamW.
        exclude_embeddings: Whether matrices with `embedding` in their path are trained by AdamW.
        muon_a: The first coefficient of the iteration.
        muon_b: The second.
        muon_c: The third.
        adam_lr_ratio: The learning rate of AdamW over that of the matrices.
        momentum: The share of the last momentum that goes on in the next.
        ns_steps: How many steps of Newton and Schulz's iteration orthogonalize.
        nesterov: Whether the momentum is Nesterov's.
        rms_rate: What steps are multiplied by besides the root of the longer side; `None` leaves
            both away.

    The other arguments are those of `Optimizer`.

    Source:
        Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024),
        https://kellerjordan.github.io/posts/muon; Liu et al., "Muon is Scalable for LLM Training",
        arXiv:2502.16982.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.Muon(0.1, adam_weight_decay=None).apply([[5.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        0.9
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
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
        self.exclude_layers = exclude_layers or []
        not_one_string("exclude_layers", exclude_layers)
        self.adam_weight_decay = adam_weight_decay
        self.rms_rate = rms_rate
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.epsilon = epsilon
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.exclude_embeddings = exclude_embeddings

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        trained = self._trainable_variables
        kept = [i for i, variable in enumerate(trained) if not variable.overwrite_with_gradient]
        adam = [i for i in kept if self._should_use_adamw(trained[i])]
        start = len(self._variables)
        self.momentums: list[Variable | None] = [None] * len(trained)
        self.adam_velocities: list[Variable | None] = [None] * len(trained)
        matrices = sorted({*kept} - {*adam})
        self._shadow_some(matrices, ["momentum"], [self.momentums], "matrix_")
        columns = [self.momentums, self.adam_velocities]
        self._shadow_some(adam, ["momentum", "velocity"], columns, "adam_")
        pairs = zip(self.momentums, self.adam_velocities, strict=True)
        self._variables[start:] = [v for pair in pairs for v in pair if v is not None]

    def _should_use_adamw(self, variable: Variable) -> bool:
        path = variable.path
        if variable.ndim != 2 or (self.exclude_embeddings and "embedding" in path.lower()):
            return True
        return any(re.search(pattern, path) for pattern in self.exclude_layers)

    def _decay_of(self, bundle: Bundle) -> float | None:
        return self.adam_weight_decay if "adam_velocity" in bundle.state else self.weight_decay

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        power_1 = rounded_power(self.adam_beta_1, step, dtype)
        power_2 = rounded_power(self.adam_beta_2, step, dtype)
        return rate, rate * self.adam_lr_ratio * math.sqrt(1.0 - power_2) / (1.0 - power_1)

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: float) -> None:
        rate, corrected = coefficients
        grads = bundle.aligned(grads)
        if "adam_velocity" in bundle.state:
            self._adam(bundle, grads, corrected)
        else:
            self._muon(bundle, grads, rate)

    def _adam(self, bundle: Bundle, grads: list[Tensor], rate: float) -> None:
        means, velocities = bundle.state["adam_momentum"], bundle.state["adam_velocity"]
        if bundle.fuses_adam:
            torch._fused_adamw_(
                bundle.params, grads, means, velocities, [], bundle.late, lr=rate,
                beta1=self.adam_beta_1, beta2=self.adam_beta_2, weight_decay=0.0,
                eps=self.epsilon, amsgrad=False, maximize=False,
            )  # fmt: skip
            return
        torch._foreach_lerp_(means, grads, 1 - self.adam_beta_1)
        torch._foreach_mul_(bundle.pieces["adam_velocity"], bundle.number(self.adam_beta_2))
        torch._foreach_addcmul_(velocities, grads, grads, value=1 - self.adam_beta_2)
        roots, whole = bundle.scratch()
        for piece, velocity in zip(whole, bundle.pieces["adam_velocity"], strict=True):
            torch.sqrt(velocity, out=piece).add_(bundle.number(self.epsilon))
        torch._foreach_addcdiv_(bundle.params, means, roots, value=-rate)

    def _muon(self, bundle: Bundle, grads: list[Tensor], rate: float) -> None:
        momenta, whole = bundle.state["matrix_momentum"], bundle.pieces["matrix_momentum"]
        torch._foreach_mul_(whole, bundle.number(self.momentum))
        torch._foreach_add_(momenta, grads)
        if self.nesterov:
            directions, _ = bundle.scratch()
            torch._foreach_copy_(directions, grads)
            torch._foreach_add_(directions, momenta, alpha=self.momentum)
            momenta = directions
        matrices = [
            variable.to_keras(*momenta[span.start : span.stop])
            for variable, span in zip(bundle.variables, bundle.spans, strict=True)
        ]
        iterated = (self.muon_a, self.muon_b, self.muon_c)
        steps = orthogonalized(matrices, iterated, self.ns_steps)
        for variable, span, step in zip(bundle.variables, bundle.spans, steps, strict=True):
            parts = list(variable.to_torch(step))
            params = bundle.params[span.start : span.stop]
            torch._foreach_add_(params, parts, alpha=-rate * self._scale(step))

    def _scale(self, step: Tensor) -> float:
        return 1.0 if self.rms_rate is None else math.sqrt(max(step.shape)) * self.rms_rate

    def lr_adjust(self, x: Tensor) -> Tensor:
        """Return a step times the root of its longer side and `rms_rate`.

        Args:
            x: The step of a matrix.
        """
        return x * self._scale(x)

    def zeropower_via_newtonschulz5(self, x: Tensor, steps: int) -> Tensor:
        """Return a matrix that is almost orthogonal, after some steps of the iteration.

        Args:
            x: The matrix.
            steps: How many steps.
        """
        if x.ndim < 2:
            raise ValueError(f"`x` must have at least 2 axes. Received: x={show(x)}.")
        flat = x.reshape(-1, *x.shape[-2:]).unbind()
        coefficients = (self.muon_a, self.muon_b, self.muon_c)
        return torch.stack(orthogonalized(flat, coefficients, steps)).reshape(x.shape)

    def transpose_last_axis(self, X: Tensor) -> Tensor:
        """Return a tensor with its last two axes swapped.

        Args:
            X: The tensor.
        """
        return X.mT

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "adam_beta_1": self.adam_beta_1,
            "adam_beta_2": self.adam_beta_2,
            "epsilon": self.epsilon,
            "exclude_layers": self.exclude_layers,
            "muon_a": self.muon_a,
            "muon_b": self.muon_b,
            "muon_c": self.muon_c,
            "adam_lr_ratio": self.adam_lr_ratio,
            "momentum": self.momentum,
            "ns_steps": self.ns_steps,
            "nesterov": self.nesterov,
            "exclude_embeddings": self.exclude_embeddings,
            "adam_weight_decay": self.adam_weight_decay,
            "rms_rate": self.rms_rate,
        }
