"""Schedulers of torch, and when they step: after each update or after each epoch."""

import functools
from collections.abc import Mapping
from typing import Any

import torch
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from torchkeras._base.messages import did_you_mean, show


class TorchSchedule:
    """A scheduler, when it steps, and what it looks at.

    Args:
        scheduler: A scheduler, or a function of an optimizer that returns one.
        per: `"step"` or `"epoch"`.
        monitor: What a `ReduceLROnPlateau` looks at.
    """

    def __init__(self, scheduler: Any, per: str | None, monitor: str | None) -> None:
        if per not in ("step", "epoch"):
            raise ValueError(
                '`per` must say when the scheduler steps: "step", after each update of the '
                f'weights, or "epoch", after each epoch. Received: per={per!r}.'
            )
        if not (isinstance(scheduler, LRScheduler) or callable(scheduler)):
            raise TypeError(
                "`scheduler` must be a scheduler of torch, or a function of an optimizer that "
                f"returns one. Received: {show(scheduler)} (of type {type(scheduler).__name__})."
            )
        self._given, self.per, self.monitor = scheduler, per, monitor
        self.scheduler: LRScheduler | None = None
        if isinstance(scheduler, LRScheduler):
            self._check_monitor(scheduler)

    def bind(self, optimizer: torch.optim.Optimizer) -> None:
        """Make the scheduler for an optimizer, or see that it is its.

        Args:
            optimizer: The optimizer.
        """
        made = self._given
        if not isinstance(made, LRScheduler):
            made = made(optimizer)
        if not isinstance(made, LRScheduler) or _optimizer_of(made) is not optimizer:
            raise ValueError(
                "`scheduler` must be a scheduler of the optimizer it is given with. "
                f"Received: {show(made)}. Give a function in its place, such as "
                "`lambda optimizer: StepLR(optimizer, step_size=10)`."
            )
        self._check_monitor(made)
        self.scheduler = made

    def _check_monitor(self, scheduler: Any) -> None:
        looks = isinstance(scheduler, ReduceLROnPlateau)
        if looks and (self.monitor is None or self.per != "epoch"):
            raise ValueError(
                "ReduceLROnPlateau looks at a result of each epoch. Give "
                '`per="epoch", monitor="val_loss"`. '
                f"Received: per={self.per!r}, monitor={self.monitor!r}."
            )
        if not looks and self.monitor is not None:
            raise ValueError(
                "`monitor` is for ReduceLROnPlateau; other schedulers look at nothing. "
                f"Received: monitor={self.monitor!r}."
            )

    def after_update(self) -> None:
        """Step, if it is the time."""
        if self.per == "step" and self.scheduler is not None:
            self.scheduler.step()

    def after_epoch(self, results: Mapping[str, Any]) -> None:
        """Step, if it is the time.

        Args:
            results: The results of the epoch by name.
        """
        if self.per != "epoch" or self.scheduler is None:
            return
        if self.monitor is None:
            self.scheduler.step()
            return
        if self.monitor not in results:
            raise ValueError(
                f"`monitor` must be one of {sorted(results)}, the results of an epoch. "
                f"Received: monitor={self.monitor!r}.{did_you_mean(self.monitor, results)}"
            )
        plateau: Any = self.scheduler
        plateau.step(float(results[self.monitor]))

    def describe(self) -> dict[str, Any]:
        """Return plain values, from which `from_description` makes an equal one.

        Raises:
            ValueError: If only a call of a function could make the scheduler again.
        """
        given: Any = self._given
        options: dict[str, Any] = {}
        if isinstance(given, functools.partial) and not given.args:
            options, given = dict(given.keywords), given.func
        name = getattr(given, "__name__", "")
        if _classes().get(name) is not given:
            raise ValueError(
                "A config can hold a scheduler only if it is given as its class or as "
                "`functools.partial(StepLR, step_size=10)`, with plain values."
            )
        return {"class": name, "options": options}


def _optimizer_of(scheduler: Any) -> Any:
    return getattr(scheduler, "optimizer", None)


def _classes() -> dict[str, type[LRScheduler]]:
    """Return torch's own schedulers, the only ones that a file may name."""
    found = {name: getattr(lr_scheduler, name) for name in dir(lr_scheduler)}
    return {
        name: thing
        for name, thing in found.items()
        if isinstance(thing, type) and issubclass(thing, LRScheduler) and thing is not LRScheduler
    }


def from_description(described: Mapping[str, Any] | None) -> Any:
    """Return what makes a scheduler, from what `TorchSchedule.describe` returned."""
    if described is None:
        return None
    known = _classes()
    name = described["class"]
    if name not in known:
        raise ValueError(f"Unknown scheduler of torch: {name!r}.{did_you_mean(name, known)}")
    return functools.partial(known[name], **described["options"])
