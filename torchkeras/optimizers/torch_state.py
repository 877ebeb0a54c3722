"""The state of an optimizer of torch: how it follows parameters, and how files hold it."""

import functools
import inspect
import json
import math
import warnings
from collections.abc import Mapping, MutableMapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

_PLAIN = "torch"  # the dataset of everything that is no tensor, as JSON


def follow(optimizer: Any, new_by_old: Mapping[Any, Any]) -> None:
    """Let an optimizer work on other parameters, or on the same ones elsewhere.

    Args:
        optimizer: The optimizer of torch.
        new_by_old: The parameters now by what they were.
    """
    for group in optimizer.param_groups:
        group["params"] = [new_by_old.get(param, param) for param in group["params"]]
    for old, new in new_by_old.items():
        state = optimizer.state.pop(old, None) if old in optimizer.state else None
        if state is not None:
            optimizer.state[new] = {key: _beside(value, new) for key, value in state.items()}


def _beside(value: Any, param: Tensor) -> Any:
    """Return a tensor like a parameter on its device; counters stay where torch keeps them."""
    like = isinstance(value, Tensor) and value.shape == param.shape and value.dim() > 0
    return value.to(param.device) if like else value


def write(
    optimizer: Any, scheduler: Any, store: MutableMapping[str, Any], prefix: str = ""
) -> None:
    """Write the state into a mapping of arrays.

    Args:
        optimizer: The optimizer of torch.
        scheduler: Its scheduler, or `None`.
        store: The mapping.
        prefix: How all names begin.
    """
    state = optimizer.state_dict()
    numbers: dict[str, Any] = {}
    for position, values in state["state"].items():
        for name, value in values.items():
            key = f"{position}_{name}"
            if isinstance(value, Tensor):
                wide = value.dtype is torch.bfloat16
                store[f"{prefix}{key}"] = (value.float() if wide else value).detach().cpu().numpy()
            else:
                numbers[key] = value
    groups = [
        {key: _plain(value) for key, value in group.items() if key != "params"}
        for group in state["param_groups"]
    ]
    plain = {"numbers": numbers, "groups": groups, "scheduler": _scheduler_state(scheduler)}
    store[f"{prefix}{_PLAIN}"] = np.frombuffer(json.dumps(plain).encode("utf-8"), dtype=np.uint8)


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.item() if value.numel() == 1 else value.tolist()
    return value


def _scheduler_state(scheduler: Any) -> dict[str, Any] | None:
    """Return what JSON can hold of a scheduler's state, or `None` with a warning."""
    if scheduler is None:
        return None
    state: dict[str, Any] = {
        key: value for key, value in scheduler.state_dict().items() if value is not None
    }
    try:
        json.dumps(state)
    except TypeError:
        warnings.warn(
            f"The state of the scheduler {type(scheduler).__name__} is not plain, so the file does "
            "not hold it. A scheduler that is loaded begins anew.",
            stacklevel=2,
        )
        return None
    return state


def read(optimizer: Any, scheduler: Any, store: Mapping[str, Any], prefix: str = "") -> None:
    """Read the state that `write` wrote.

    Args:
        optimizer: The optimizer of torch.
        scheduler: Its scheduler, or `None`.
        store: The mapping.
        prefix: How all names begin.
    """
    if f"{prefix}{_PLAIN}" not in store:
        return
    written = np.asarray(store[f"{prefix}{_PLAIN}"], dtype=np.uint8)
    plain = json.loads(written.tobytes().decode("utf-8"))
    state = optimizer.state_dict()
    if len(plain["groups"]) != len(state["param_groups"]):
        warnings.warn(
            f"The state of the optimizer {type(optimizer).__name__} was not loaded: it has "
            f"{len(state['param_groups'])} groups, and the file {len(plain['groups'])}.",
            stacklevel=2,
        )
        return
    pairs = zip(state["param_groups"], plain["groups"], strict=True)
    groups = [
        {**now, **{key: _as_before(value, now.get(key)) for key, value in then.items()}}
        for now, then in pairs
    ]
    optimizer.load_state_dict(
        {"state": _state(store, prefix, plain["numbers"]), "param_groups": groups}
    )
    if scheduler is not None and plain["scheduler"] is not None:
        scheduler.load_state_dict(plain["scheduler"])


def _state(
    store: Mapping[str, Any], prefix: str, numbers: Mapping[str, Any]
) -> dict[int, dict[str, Any]]:
    state: dict[int, dict[str, Any]] = {}
    keys = [key.removeprefix(prefix) for key in store if key.startswith(prefix)]
    arrays = {
        key: torch.from_numpy(np.array(store[f"{prefix}{key}"]))
        for key in keys
        if key.partition("_")[0].isdigit() and "_" in key
    }
    for key, value in {**arrays, **numbers}.items():
        position, _, name = key.partition("_")
        state.setdefault(int(position), {})[name] = value
    return state


def _as_before(value: Any, now: Any) -> Any:
    """Return a value of a group as its class keeps it: JSON turns tuples into lists."""
    if isinstance(now, Tensor):
        return torch.full_like(now, value)
    return tuple(value) if isinstance(now, tuple) else value


def argument(function: Any, name: str, options: Mapping[str, Any]) -> Any:
    """Return the value that an argument of a class or function is going to have, or NaN."""
    if name in options:
        return options[name]
    if isinstance(function, functools.partial):
        return argument(function.func, name, function.keywords)
    found = inspect.signature(function).parameters.get(name)
    return math.nan if found is None or found.default is found.empty else found.default
