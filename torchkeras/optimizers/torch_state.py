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
# What torch keeps for a parameter that has another shape than it.
_NUMBERS = ("step", "mu_product", "mu", "eta")
_FACTORS = ("row_var", "col_var")


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
    plain = _checked(json.loads(written.tobytes().decode("utf-8")))
    state = optimizer.state_dict()
    if len(plain["groups"]) != len(state["param_groups"]):
        warnings.warn(
            f"The state of the optimizer {type(optimizer).__name__} was not loaded: it has "
            f"{len(state['param_groups'])} groups, and the file {len(plain['groups'])}.",
            stacklevel=2,
        )
        return
    pairs = zip(state["param_groups"], plain["groups"], strict=True)
    groups = [{**now, **_known(then, now)} for now, then in pairs]
    found = _state(store, prefix, plain["numbers"])
    _check_shapes(optimizer, found)
    optimizer.load_state_dict({"state": found, "param_groups": groups})
    if scheduler is not None and plain["scheduler"] is not None:
        scheduler.load_state_dict(_known(plain["scheduler"], scheduler.state_dict()))


def _checked(plain: Any) -> dict[str, Any]:
    """Return what a file holds besides arrays, if it has the form that `write` gave it."""
    whole = isinstance(plain, dict) and {"numbers", "groups", "scheduler"} <= set(plain)
    parts = [plain["numbers"], plain["scheduler"] or {}, *plain["groups"]] if whole else [None]
    if not all(isinstance(part, dict) for part in parts):
        raise ValueError("the state of the optimizer of torch is damaged")
    return dict(plain)


def _known(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of a file under names that exist here, parameters never."""
    return {
        key: _as_before(value, now[key])
        for key, value in then.items()
        if key in now and key != "params"
    }


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


def _check_shapes(optimizer: Any, state: Mapping[int, Mapping[str, Any]]) -> None:
    """Raise for arrays that do not fit: torch's fused kernels would read beyond their ends."""
    params = [param for group in optimizer.param_groups for param in group["params"]]
    if getattr(torch.optim, type(optimizer).__name__, None) is not type(optimizer):
        return  # nobody knows what it keeps
    for position, values in state.items():
        for name, value in values.items():
            if position >= len(params) or not _fits(name, value, params[position]):
                raise ValueError(f"`{name}` of parameter {position} of the optimizer does not fit")


def _fits(name: str, value: Any, param: Tensor) -> bool:
    if name in _NUMBERS:
        return not isinstance(value, Tensor) or value.numel() == 1
    if not isinstance(value, Tensor):
        return value is None
    if name in _FACTORS:
        pairs = zip(value.shape, param.shape, strict=False)
        return value.dim() == param.dim() and all(own in (1, size) for own, size in pairs)
    return value.shape == param.shape


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
