"""A step of training that changes nothing if its gradients are not finite."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor


class WouldHurt(Exception):  # noqa: N818 - not an error that anybody sees
    """Raised in place of an update with gradients that are not finite."""


class StepGuard:
    """Runs steps of a model, and keeps bad gradients from its optimizers.

    Args:
        model: The model.
        restores: Whether a step that is broken off leaves statistics and metrics as they were.
    """

    def __init__(self, model: Any, restores: bool) -> None:
        self._model, self._restores = model, restores
        self._outcome: Any = None

    def run(self, step: Callable[[Any], Any], batch: Any) -> Any:
        """Run a step, or raise `WouldHurt`.

        Args:
            step: The step.
            batch: Its batch.
        """
        kept = self._keep() if self._restores else None
        with self._watched():
            try:
                self._outcome = step(batch)
            except WouldHurt:
                self._model.zero_grad()
                if kept is not None:
                    self._restore(*kept)
                raise
        return self._outcome

    def last_outcome(self) -> Any:
        """Return what a step returned last; nothing at all before metrics know their names."""
        compiled = getattr(self._model, "_compiled", None)
        settled = compiled is None or compiled.is_settled
        return {} if self._outcome is None and not settled else self._outcome

    def _keep(self) -> tuple[list[tuple[Tensor, Tensor]], list[tuple[Any, Tensor]]]:
        buffers = [(buffer, buffer.detach().clone()) for buffer in self._model.buffers()]
        variables = [
            (variable, variable.value.detach().clone())
            for metric in self._model.metrics
            for variable in metric.variables
        ]
        return buffers, variables

    def _restore(
        self, buffers: list[tuple[Tensor, Tensor]], variables: list[tuple[Any, Tensor]]
    ) -> None:
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
        for metric in self._model.metrics:
            metric.reset_state()  # those that the step has made have no value to go back to
        for variable, value in variables:
            variable.assign(value)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Look at the gradients of all updates inside."""
        optimizers = [each for each in _guarded(self._model.optimizer) if hasattr(each, "_advance")]
        for optimizer in optimizers:
            object.__setattr__(optimizer, "_advance", _checked(optimizer._advance))
        try:
            yield
        finally:
            for optimizer in optimizers:
                object.__delattr__(optimizer, "_advance")


def _guarded(optimizer: Any) -> list[Any]:
    """Return the optimizers whose gradients matter; a loss scale takes care of its own."""
    if hasattr(optimizer, "inner_optimizer"):
        return []
    several = getattr(optimizer, "optimizers", None)
    return [optimizer] if several is None else [each for one in several for each in _guarded(one)]


def _checked(advance: Callable[[Any, list[Tensor]], None]) -> Callable[[Any, list[Tensor]], None]:
    def checked(chosen: Any, grads: list[Tensor]) -> None:
        if not _all_finite(grads):
            raise WouldHurt
        advance(chosen, grads)

    return checked


def _all_finite(grads: list[Tensor]) -> bool:
    numbers = [grad._values() if grad.is_sparse else grad for grad in grads]
    by_device: dict[torch.device, list[Tensor]] = {}
    for each in numbers:
        if each.numel():
            by_device.setdefault(each.device, []).append(each)
    with torch.no_grad():
        largest = [torch._foreach_norm(group, float("inf")) for group in by_device.values()]
        return all(bool(torch.stack(group).isfinite().all()) for group in map(_alike, largest))


def _alike(norms: Any) -> list[Tensor]:
    return [norm.float() for norm in norms]
