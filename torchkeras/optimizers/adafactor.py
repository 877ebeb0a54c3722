"""`Adafactor`."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from torchkeras._state.variable import Variable

from .betas import rounded_power
from .clipping import joint_norms
from .kernel_optimizer import KernelOptimizer
from .selection import Bundle
from .state import LearningRate
from .workspace import Workspace


class Adafactor(KernelOptimizer):
    """Adam without momentum, whose mean of squares is a product of row and column means.

    With `u = g / sqrt(v)` and `d = max(1, rms(u) / clip_threshold)`,
    `w -= max(epsilon_2, rms(w)) * min(lr, 1 / sqrt(t)) * u / d`. `v` of a vector is the running
    mean of `g²`; that of a matrix is `r ⊗ c / mean(r)` for the running means `r` and `c` of `g²`
    along the last two axes.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        beta_2_decay: The power of the step that the weight of new squares falls with.
        epsilon_1: What is added to the squares.
        epsilon_2: The least size of a variable that steps are measured by.
        clip_threshold: The largest root mean square of a step, before it is measured.
        relative_step: Kept for Keras's signature: the rate is at most `1 / sqrt(t)` in any case.

    The other arguments are those of `Optimizer`.

    Source:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
        arXiv:1804.04235.

    Example:
        >>> import torchkeras
        >>> v = torchkeras.Variable([1.0])
        >>> torchkeras.optimizers.Adafactor(0.1).apply([[5.0]], [v])
        >>> round(float(v.numpy()[0]), 3)
        0.9
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        self._r: list[Variable | None] = []
        self._c: list[Variable | None] = []
        start = len(self._variables)
        (self._v,) = self._shadow_variables(self._trainable_variables, ["velocity"], ["zeros"])
        del self._variables[start:]
        for variable, velocity in zip(self._trainable_variables, self._v, strict=True):
            shape = variable.shape
            self._r.append(self._mean_variable(variable, shape[:-1]))
            self._c.append(self._mean_variable(variable, (*shape[:-2], *shape[-1:])))
            self._variables += [] if velocity is None else [velocity]

    def _mean_variable(self, variable: Variable, shape: tuple[int, ...]) -> Variable | None:
        """Return the variable for a running mean; a vector has none, but Keras keeps a 0 for it."""
        if variable.ndim < 2:
            return self.add_variable((), dtype="int32", name=variable.name)
        if variable.overwrite_with_gradient:
            return None
        return self.add_variable(shape, dtype=variable.dtype, name=variable.name)

    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        kept = 1.0 - rounded_power(step, self.beta_2_decay, dtype)
        return min(rate, 1.0 / math.sqrt(step)), 1.0 - kept

    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: float) -> None:
        rate, fresh = coefficients
        grads = bundle.aligned(grads)
        steps, whole = bundle.scratch()
        torch._foreach_copy_(steps, grads)
        torch._foreach_mul_(steps, steps)
        torch._foreach_add_(whole, bundle.number(self.epsilon_1))
        for variable, span in zip(bundle.variables, bundle.spans, strict=True):
            squares = steps[span.start : span.stop]
            velocity = bundle.state["velocity"][span.start : span.stop]
            if variable.ndim < 2:
                torch._foreach_lerp_(velocity, squares, fresh)
            else:
                product = self._product(variable, variable.to_keras(*squares), fresh)
                torch._foreach_copy_(velocity, list(variable.to_torch(product)))
        for piece, total in zip(whole, bundle.pieces["velocity"], strict=True):
            torch.sqrt(total, out=piece)
        torch._foreach_reciprocal_(whole)
        torch._foreach_mul_(steps, grads)
        torch._foreach_mul_(steps, self._factors(bundle, steps, rate))
        torch._foreach_sub_(bundle.params, steps)

    def _product(self, variable: Variable, squares: Tensor, fresh: float) -> Tensor:
        """Move the means of rows and columns towards new squares, and return their product."""
        position = self._directory.position(variable)
        row, column = self._r[position], self._c[position]
        assert row is not None  # a matrix has both
        assert column is not None
        rows, columns = row.parameters[0], column.parameters[0]
        rows.lerp_(squares.mean(-1), fresh)
        columns.lerp_(squares.mean(-2), fresh)
        shares = rows / rows.mean(-1, keepdim=True)
        return shares.unsqueeze(-1) * columns.unsqueeze(-2)

    def _factors(self, bundle: Bundle, steps: list[Tensor], rate: float) -> list[Tensor]:
        """Return what the step of each variable is multiplied by, one for each parameter."""
        factors = _root_mean_squares(bundle, bundle.params).clamp_min_(self.epsilon_2).mul_(rate)
        excess = _root_mean_squares(bundle, steps).div_(self.clip_threshold).clamp_min_(1.0)
        return list(factors.div_(excess).unbind())

    def _new_workspace(self, fit: bool = True) -> Workspace:
        for mean, variable in zip(self._r + self._c, self._trainable_variables * 2, strict=True):
            if fit and mean is not None and variable.ndim >= 2:
                ((cell, key),) = mean.parts
                like = variable.parameters[0]
                cell._buffers[key] = mean.parameters[0].to(like.device, like.dtype)
        return super()._new_workspace(fit)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }


def _root_mean_squares(bundle: Bundle, tensors: list[Tensor]) -> Tensor:
    """Return the root mean square of each variable, one for each of its tensors."""
    norms = joint_norms(tensors, bundle.spans)
    counts = [sum(tensors[i].numel() for i in span) for span in bundle.spans for _ in span]
    torch._foreach_div_(norms, [math.sqrt(max(count, 1)) for count in counts])
    return torch.stack(norms)
