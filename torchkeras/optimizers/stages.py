"""The stages of a step, on tensors in torch's layout: unscale, accumulate, clip, decay, update."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base.replicas import REPLICAS
from torchkeras._state.variable import Variable

from . import clipping
from .directory import Directory
from .scalar import Scalar
from .selection import Bundle, Selection
from .state import OptimizerState
from .workspace import Workspace

ACCUMULATOR = "gradient_accumulator"
AVERAGE = "average"


class Stages(OptimizerState):
    """What happens in a step, in Keras's order; each stage only if its option asks for it."""

    weight_decay: float | None
    clipnorm: float | None
    global_clipnorm: float | None
    clipvalue: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    _model_variables_moving_average: list[Variable | None]
    _accumulated_gradients: list[Variable]
    _workspace: Workspace | None = None
    _undecayed: Directory
    _undecayed_names: re.Pattern[str] | None = None

    @property
    def _updates(self) -> int:
        """How many updates were made."""
        count: int = self._iterations.number
        steps = self.gradient_accumulation_steps
        return count // steps if steps else count

    def rebind(self) -> None:
        """Look the parameters of the variables up again, and bring the state to where they are.

        A step notices by itself that parameters moved to another device or dtype.
        """
        self._directory.forget()
        self._workspace = None

    def _work(self) -> Workspace:
        """Return the tensors to work on, up to date."""
        workspace = self._workspace
        if workspace is not None and not workspace.whole.moved:
            return workspace
        if not self.built:
            raise ValueError(
                "The optimizer is not built, so it knows no variables. Call "
                "`optimizer.build(trainable_variables)` first."
            )
        self._workspace = workspace = self._new_workspace()
        return workspace

    def _new_workspace(self, fit: bool = True) -> Workspace:
        return Workspace(self._directory, self._shadows_by_name, self._use_weight_decay, fit)

    @contextmanager
    def _detached(self) -> Iterator[None]:
        """Work, inside the scope, on what the variables hold for the time being."""
        before = self._workspace
        try:
            self._workspace = self._new_workspace(fit=False)
            yield
        finally:
            self._workspace = before
            self._invalidate()

    def _invalidate(self) -> None:
        """Read again, before they are used, the numbers that Python keeps."""
        for variable in self._variables:
            if isinstance(variable, Scalar):
                variable.invalidate()

    def _use_weight_decay(self, variable: Variable) -> bool:
        """Say whether weight decay touches a variable."""
        pattern = self._undecayed_names
        return variable not in self._undecayed and not (pattern and pattern.search(variable.name))

    def _get_variable_index(self, variable: Any) -> int:
        return self._directory.position(variable)

    def _advance(self, chosen: Selection, grads: list[Tensor]) -> None:
        """Take one step with these gradients, which may be changed."""
        enabled = torch.is_grad_enabled()
        torch._C._set_grad_enabled(False)  # a `no_grad` block costs as much as a small kernel
        try:
            if REPLICAS.active is not None:
                grads = REPLICAS.active.mean_of_gradients(grads)
            if grads:
                self._change(chosen, grads)
        finally:
            torch._C._set_grad_enabled(enabled)
        self._iterations.advance()

    def _change(self, chosen: Selection, grads: list[Tensor]) -> None:
        if self.loss_scale_factor is not None:
            torch._foreach_div_(grads, self.loss_scale_factor)
        if self.gradient_accumulation_steps:
            self._accumulate(chosen, grads)
        else:
            self._train(chosen, grads)
        if self.use_ema:
            self._average()
        for variable in chosen.constrained:
            variable.assign(variable.constraint(variable.value.detach()))

    def _overwrite(self, position: int, grads: tuple[Tensor, ...]) -> None:
        """Set a variable to its gradient (float8 scales are trained so)."""
        variable = self._trainable_variables[position]
        value = variable.to_keras(*grads)
        if self.gradient_accumulation_steps:
            largest = self._accumulated_gradients[position]
            value = torch.maximum(value, largest.value)
            largest.assign(torch.zeros_like(value) if self._is_due else value)
            if not self._is_due:
                return
        variable.assign(value)

    @property
    def _is_due(self) -> bool:
        """Whether this step ends an accumulation."""
        return (self._iterations.number + 1) % self.gradient_accumulation_steps == 0

    def _accumulate(self, chosen: Selection, grads: list[Tensor]) -> None:
        """Add gradients up, and train with their mean when enough steps are taken."""
        totals = _all(chosen.state[ACCUMULATOR])
        torch._foreach_add_(totals, grads)
        if self._is_due:
            torch._foreach_div_(totals, float(self.gradient_accumulation_steps or 1))
            self._train(chosen, totals)
            for part in self._work().whole.bundles:
                torch._foreach_zero_(part.pieces[ACCUMULATOR])

    def _train(self, chosen: Selection, grads: list[Tensor]) -> None:
        """Clip, decay, update."""
        rate = self._rate()
        self._clip_gradients(grads, chosen.spans if chosen.in_parts else None)
        for bundle in chosen.bundles:
            share = self._decay_of(bundle)
            if share:
                self._decay(bundle, share * rate)
        self._update(chosen, grads, rate)

    def _decay_of(self, bundle: Bundle) -> float | None:
        """Return the weight decay of some parameters."""
        return self.weight_decay

    def _decay(self, bundle: Bundle, share: float) -> None:
        """Take a share of the weights away."""
        if bundle.decayed:
            torch._foreach_mul_(bundle.decayed, bundle.number(1.0 - share))

    @property
    def _edits_gradients(self) -> bool:
        clips = (self.clipnorm, self.clipvalue, self.global_clipnorm, self.loss_scale_factor)
        return any(clip is not None for clip in clips)

    def _clip_gradients(
        self, grads: list[Tensor], spans: Sequence[range] | None = None
    ) -> list[Tensor]:
        """Clip gradients, in place if they are tensors."""
        if grads and not isinstance(grads[0], Tensor):
            grads = [torch.as_tensor(grad) for grad in grads]
        if self.clipnorm and self.clipnorm > 0:
            clipping.clip_each_norm_(grads, self.clipnorm, spans)
        elif self.global_clipnorm and self.global_clipnorm > 0:
            clipping.clip_global_norm_(grads, self.global_clipnorm)
        elif self.clipvalue and self.clipvalue > 0:
            clipping.clip_value_(grads, self.clipvalue)
        return grads

    def _update(self, chosen: Selection, grads: list[Tensor], rate: float) -> None:
        """Update variable by variable, as a subclass defines it."""
        learning_rate = self.learning_rate
        for variable, span in zip(chosen.variables, chosen.spans, strict=True):
            gradient = variable.to_keras(*grads[span.start : span.stop])
            self.update_step(gradient, variable, learning_rate)

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        """Update one variable; what a subclass defines.

        Args:
            gradient: Its gradient, in its own shape.
            variable: The variable.
            learning_rate: The learning rate.
        """
        raise NotImplementedError(
            f"The optimizer {type(self).__name__!r} must define "
            "`update_step(self, gradient, variable, learning_rate)`."
        )

    def _average(self) -> None:
        """Move the averages towards the weights, and now and then the weights to the averages."""
        whole, updates = self._work().whole, self._updates
        momentum = float(np.float32(self.ema_momentum)) if updates else 0.0
        averages = _all(whole.state[AVERAGE])
        torch._foreach_lerp_(averages, whole.params, 1.0 - momentum)
        if self.ema_overwrite_frequency and (updates + 1) % self.ema_overwrite_frequency == 0:
            torch._foreach_copy_(whole.params, averages)


def _all(tensors: Sequence[Tensor | None]) -> list[Tensor]:
    """Return the state of a name that every parameter has."""
    return [tensor for tensor in tensors if tensor is not None]
