"""`KernelOptimizer`: an optimizer whose rule runs on whole lists of tensors."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

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
    step to step. `kernel` only launches work on tensors, with these numbers as arguments; a
    variant for captured CUDA graphs needs no more than a `kernel` that reads them from the device.
    """

    @abstractmethod
    def coefficients(self, rate: float, step: int, dtype: torch.dtype) -> tuple[float, ...]:
        """Return the numbers that a step depends on.

        Args:
            rate: The learning rate.
            step: The number of the update, from 1.
            dtype: The dtype of the parameters.
        """

    @abstractmethod
    def kernel(self, bundle: Bundle, grads: list[Tensor], *coefficients: float) -> None:
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
            if step % _SWEPT_EVERY == 0:
                bundle.sweep()

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
