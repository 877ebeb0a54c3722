"""The one loop in which batches meet a step and callbacks hear of it."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

Hook = Callable[..., None]
Guard = Callable[[], AbstractContextManager[Any]]


@dataclass
class Ears:
    """Who listens to batches.

    Attributes:
        before: Called with the number of the batch before it.
        after: Called with the number of the batch and its logs after it.
        every: The number of batches that count as one for them.
        logs: Turns what a step returned into the logs that `after` gets.
    """

    before: list[Hook] = field(default_factory=list)
    after: list[Hook] = field(default_factory=list)
    every: int = 1
    logs: Callable[[Any], Any] = dict


def run(
    batches: Iterable[Any],
    step: Callable[[Any], Any],
    ears: Ears,
    should_stop: Callable[[], bool],
    guard: Guard = nullcontext,
    guards_all: bool = False,
    start: int = 0,
) -> Any:
    """Run a step on each batch, and return what it returned last.

    Args:
        batches: The batches of one epoch.
        step: What is done with each.
        ears: Who hears of it.
        should_stop: Asked after each batch.
        guard: The context of a step, such as `torch.no_grad`.
        guards_all: Whether the batches may be made in that context too, which saves entering it
            for each.
        start: The number of the first batch.
    """
    if ears.before or ears.after or ears.every > 1 or not guards_all:
        return _run_heard(batches, step, ears, should_stop, guard, start)
    outcome: Any = None
    with guard():
        for batch in batches:
            outcome = step(batch)
            if should_stop():
                break
    return outcome


def _run_heard(
    batches: Iterable[Any],
    step: Callable[[Any], Any],
    ears: Ears,
    should_stop: Callable[[], bool],
    guard: Guard,
    start: int,
) -> Any:
    outcome: Any = None
    every, last = ears.every, ears.every - 1
    index = start - 1
    for index, batch in enumerate(batches, start):
        if ears.before and index % every == 0:
            _tell(ears.before, index, {})
        with guard():
            outcome = step(batch)
        if index % every != last:
            continue
        if ears.after:
            _tell(ears.after, index, ears.logs(outcome))
        if should_stop():
            break
    if ears.after and index % every != last:
        _tell(ears.after, index - index % every + last, ears.logs(outcome))
    return outcome


def _tell(hooks: list[Hook], index: int, logs: Any) -> None:
    for hook in hooks:
        hook(index, logs)
