"""`KernelOptimizer`: an optimizer whose rule runs on whole lists of tensors."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from torchkeras._base.threads import switches_threads
from torchkeras._state.variable import Variable

from .optimizer import Optimizer
from .selection import Bundle, Selection
from .workspace import Workspace

_SWEPT_EVERY = 64  # steps; it takes less time than one of them


class KernelOptimizer(Optimizer, ABC):
    """The base of the built-in optimizers.

    A step is split in two. `coefficients` computes, on the host, every number that changes from
    step to step. `kernel` only launches work on tensors, with these numbers as arguments. In a
    captured CUDA graph it runs once, and the numbers are tensors whose values the host changes.

    Attributes:
        kernel_takes_tensors: Whether `kernel` also takes its coefficients as tensors without axes
            on the parameters' device.
    """

    kernel_takes_tensors: ClassVar[bool] = False

    @abstractmethod
    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        """Return the numbers that a step depends on.

        Args:
            rate: The learning rate.
            step: The number of the update, from 1.
            dtype: The dtype of the parameters.
        """

    @abstractmethod
    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: Any) -> None:
        """Update parameters and state in place.

        Args:
            bundle: The parameters and their state.
            grads: Their gradients, which stay as they are.
            *coefficients: What `coefficients` returned.
        """

    @property
    def _runs_kernels(self) -> bool:
        """Whether no subclass has a rule of its own for single variables."""
        return type(self).update_step is KernelOptimizer.update_step

    def _obeys(self, bundle: Bundle) -> bool:
        """Say whether a step is nothing but a kernel that does nothing if `bundle.found` is 1."""
        return False

    def _all_obey(self, work: Workspace, grads: list[Tensor], found: Tensor) -> bool:
        chosen = work.whole
        plain = not (self.use_ema or self.gradient_accumulation_steps or work.overwritten)
        return (
            plain
            and self._runs_kernels
            and len(grads) == len(chosen.params)
            and not chosen.constrained
            and all(bundle.device == found.device for bundle in chosen.bundles)
            and all(self._obeys(bundle) for bundle in chosen.bundles)
        )

    def _step_unless(self, found: Tensor, grads: list[Tensor]) -> bool:
        work = self._work()
        if not self._all_obey(work, grads, found):
            return False
        chosen = work.whole
        try:
            for bundle in chosen.bundles:
                bundle.found = found
            self._advance(chosen, grads)
        finally:
            for bundle in chosen.bundles:
                bundle.found = None
        return True

    def _update(self, chosen: Selection, grads: list[Tensor], rate: float) -> None:
        if self._runs_kernels:
            self._run(chosen, grads, rate)
        else:
            super()._update(chosen, grads, rate)

    def _run(self, chosen: Selection, grads: list[Tensor], rate: float) -> None:
        step = self._updates + 1
        for bundle in chosen.bundles:
            numbers = self.coefficients(rate, step, bundle.dtype)
            if bundle.small:
                _on_one_thread(self.kernel, bundle, bundle.own(grads), *numbers)
            else:
                self.kernel(bundle, bundle.own(grads), *numbers)
            self._sweep_at(step, bundle)

    def _sweep_at(self, step: int, bundle: Bundle) -> None:
        if step % _SWEPT_EVERY == 0:
            bundle.sweep()

    # For a captured step, in which nothing that Python does is repeated

    @property
    def captured_params(self) -> list[Tensor] | None:
        """The parameters that `update_from` updates, or `None` where a step does more."""
        chosen = self._work().whole
        is_own = type(self).__module__.startswith("torchkeras.") and self.kernel_takes_tensors
        several = self.use_ema or self.gradient_accumulation_steps or self._work().overwritten
        return None if several or chosen.constrained or not is_own else chosen.params

    @property
    def captured_state(self) -> list[list[Tensor]]:
        """The tensors besides the parameters that `update_from` writes into, kind by kind."""
        return [held for bundle in self._work().whole.bundles for held in bundle.state.values()]

    def next_numbers(self) -> list[list[float]]:
        """Return what the next step depends on: what weight decay leaves, and the coefficients."""
        rate, step = self._rate(), self._updates + 1
        found = []
        for bundle in self._work().whole.bundles:
            left = 1.0 - (self._decay_of(bundle) or 0.0) * rate
            found.append([left, *self.coefficients(rate, step, bundle.dtype)])
        return found

    def update_from(self, grads: list[Tensor], numbers: list[list[Tensor]]) -> None:
        """Update the parameters as `step` does, by numbers on the device; nothing is counted.

        Args:
            grads: A gradient for each of `captured_params`; they may be changed.
            numbers: What `next_numbers` returned, as tensors without axes.
        """
        chosen = self._work().whole
        if self.loss_scale_factor is not None:
            torch._foreach_div_(grads, self.loss_scale_factor)
        self._clip_gradients(grads, chosen.spans if chosen.in_parts else None)
        for bundle, (left, *coefficients) in zip(chosen.bundles, numbers, strict=True):
            if bundle.decayed and self._decay_of(bundle):
                torch._foreach_mul_(bundle.decayed, left)
            self.kernel(bundle, bundle.own(grads), *coefficients)

    def count_update(self) -> None:
        """Do what `step` does on the host, after `update_from` ran again."""
        step = self._updates + 1
        for bundle in self._work().whole.bundles:
            self._sweep_at(step, bundle)
        self._iterations.advance()

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        position = self._directory.position(variable)
        grads = list(self._lay_out(position, gradient, as_is=isinstance(variable, Tensor)))
        with torch.no_grad():
            self._run(self._work().only(position), grads, float(learning_rate))


def _on_one_thread(kernel: Callable[..., None], *args: Any) -> None:
    """Run a kernel on small tensors without waking other threads.

    torch's fused kernels open a parallel region for each tensor, however small; on a busy machine
    the wait for a thread that is not running can take milliseconds.
    """
    threads = torch.get_num_threads()
    if threads == 1 or not switches_threads():
        kernel(*args)
        return
    torch.set_num_threads(1)
    try:
        kernel(*args)
    finally:
        torch.set_num_threads(threads)
