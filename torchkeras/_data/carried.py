"""The state in which a pass over data begins."""

from collections.abc import Mapping
from typing import Any

import torch

from torchkeras._base.rng import rng_state, set_rng_state

State = dict[str, Any]


def data_state(source: Any) -> State:
    """Return all that the batches of a pass follow from, if it began now.

    Args:
        source: Where the batches come from.
    """
    warm = getattr(source, "is_warm", False)
    return {"rng": rng_state(), "carried": carried(source), "warm": warm}


def set_data_state(source: Any, state: Mapping[str, Any]) -> None:
    """Bring back what `data_state` returned.

    Args:
        source: Where the batches come from.
        state: The state.
    """
    if hasattr(source, "set_warm"):
        source.set_warm(state["warm"])
    set_carried(source, state["carried"])
    set_rng_state(state["rng"])


def carriers_among(*items: Any) -> list[Any]:
    """Return, each once, those that are random generators or keep a state that can be set.

    Args:
        *items: Generators, data sets, samplers or anything else.
    """
    found: dict[int, Any] = {}
    for item in items:
        both = hasattr(item, "state_dict") and hasattr(item, "load_state_dict")
        if isinstance(item, torch.Generator) or both:
            found[id(item)] = item
    return list(found.values())


def carried(source: Any) -> list[Any]:
    """Return the states of the carriers of a source.

    Args:
        source: Where the batches come from.
    """
    return [
        item.get_state() if isinstance(item, torch.Generator) else item.state_dict()
        for item in getattr(source, "carriers", ())
    ]


def set_carried(source: Any, states: list[Any]) -> None:
    """Bring back what `carried` returned.

    Args:
        source: Where the batches come from.
        states: The states.
    """
    for item, state in zip(getattr(source, "carriers", ()), states, strict=False):
        if isinstance(item, torch.Generator):
            item.set_state(state)
        else:
            item.load_state_dict(state)
