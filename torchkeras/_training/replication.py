"""What a run does besides when several processes train one model."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.nested import map_leaves
from torchkeras._base.replicas import REPLICAS
from torchkeras._state.masked import mask_of, with_mask

Step = Callable[[Any], Any]


def is_first() -> bool:
    """Say whether this process is the one that speaks."""
    return REPLICAS.active is None or REPLICAS.active.rank == 0


def begin(model: Any) -> None:
    """Give all processes the weights and the optimizer's state that the first one has."""
    if REPLICAS.active is None:
        return
    optimizer = getattr(model.optimizer, "variables", [])
    state = [tensor for variable in optimizer for tensor in variable.parameters]
    with torch.no_grad():
        REPLICAS.active.copy_first_([*model.parameters(), *model.buffers(), *state])


def end_epoch(model: Any) -> None:
    """Average the statistics that layers of each process gathered from its part of the data."""
    if REPLICAS.active is not None:
        with torch.no_grad():
            REPLICAS.active.average_(b for b in model.buffers() if b.is_floating_point())


def whole_batch(*parts: Any) -> tuple[Any, ...]:
    """Return what all processes have of targets, outputs or weights."""
    if REPLICAS.active is None:
        return parts
    return tuple(map_leaves(_whole, part) for part in parts)


def _whole(part: Any) -> Any:
    assert REPLICAS.active is not None
    mask = mask_of(part) if isinstance(part, Tensor) else None
    whole = REPLICAS.active.whole(part)
    return whole if mask is None else with_mask(whole, REPLICAS.active.whole(mask))


def putting_together(step: Step) -> Step:
    """Return a step of predicting whose outputs are those of all processes."""

    def run(batch: Any) -> Any:
        made = step(batch)
        return made if REPLICAS.active is None else whole_batch(made)[0]

    return run
