"""Everything that a run of `fit` has changed, as one nested value, and the way back."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.rng import rng_state, set_rng_state
from torchkeras.random.seeding import global_seed_state, set_global_seed_state

State = dict[str, Any]


def snapshot(model: Any, callbacks: Iterable[Any]) -> State:
    """Return the state of a model in training, of its callbacks and of all random generators.

    Args:
        model: The model.
        callbacks: Its callbacks.
    """
    return {
        "weights": dict(model.state_dict()),
        "gradients": _gradients(model),
        "optimizer": _optimizer_state(model.optimizer),
        "metrics": [_metric_state(metric) for metric in getattr(model, "metrics", ())],
        "callbacks": [(type(each).__name__, state_of(each)) for each in callbacks],
        "stop_training": bool(getattr(model, "stop_training", False)),
        "seed": global_seed_state(),
        "rng": rng_state(),
    }


def restore_weights(model: Any, state: Mapping[str, Any]) -> None:
    """Bring back weights and optimizer.

    Args:
        model: A model like the one that the state was taken of.
        state: What `snapshot` returned.

    Raises:
        ValueError: If the model or its optimizer is another.
    """
    weights = OrderedDict(state["weights"])
    # Without the versions of the modules, torch takes the state for one of an old torch.
    weights._metadata = getattr(model.state_dict(), "_metadata", None)  # type: ignore[attr-defined]
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(_other("model", str(error).rstrip("."))) from error
    _set_optimizer_state(model.optimizer, state["optimizer"])
    for name, parameter in model.named_parameters():
        gradient = state["gradients"].get(name)
        parameter.grad = None if gradient is None else gradient.to(parameter.device)


def restore_rest(
    model: Any, callbacks: Iterable[Any], state: Mapping[str, Any], inside: bool
) -> None:
    """Bring back metrics, callbacks and random generators, the last of all last.

    Args:
        model: A model like the one that the state was taken of.
        callbacks: Callbacks like those that the state was taken of; they are told apart by class,
            and within a class by order.
        state: What `snapshot` returned.
        inside: Whether an epoch is not over yet, so that metrics matter.
    """
    if inside:
        _set_metrics(getattr(model, "metrics", ()), state["metrics"])
    waiting = list(state["callbacks"])
    for callback in callbacks:
        name = type(callback).__name__
        index = next((i for i, (kept, _) in enumerate(waiting) if kept == name), None)
        if index is not None and hasattr(callback, "load_state_dict"):
            callback.load_state_dict(waiting.pop(index)[1])
    model.stop_training = state["stop_training"]
    set_global_seed_state(state["seed"])
    set_rng_state(state["rng"])


def state_of(callback: Any) -> State:
    """Return what a callback wants remembered."""
    own = getattr(callback, "state_dict", None)
    return {} if own is None else dict(own())


def _gradients(model: Any) -> dict[str, Tensor]:
    """Return gradients that a step of the user's own may add to; others begin every step anew."""
    if not getattr(getattr(model, "_fit_run", None), "keeps_gradients", True):
        return {}
    named = model.named_parameters()
    return {name: each.grad for name, each in named if each.grad is not None}


def _optimizer_state(optimizer: Any) -> State | None:
    if optimizer is None:
        return None
    state: State = {"class": type(optimizer).__name__}
    if hasattr(optimizer, "load_state_dict"):
        return {**state, "own": optimizer.state_dict()}
    state["variables"] = [variable.value.detach().clone() for variable in optimizer.variables]
    return {**state, "inner": [_optimizer_state(each) for each in _inner(optimizer)]}


def _inner(optimizer: Any) -> list[Any]:
    """Return the optimizers inside of one."""
    one = getattr(optimizer, "inner_optimizer", None)
    return list(getattr(optimizer, "optimizers", ())) if one is None else [one]


def _set_optimizer_state(optimizer: Any, state: Mapping[str, Any] | None) -> None:
    name = type(optimizer).__name__
    if (state is None) != (optimizer is None) or (state and state["class"] != name):
        given = None if state is None else state["class"]
        raise ValueError(_other("optimizer", f"it is {given} there, and {name} here"))
    if state is None:
        return
    if "own" in state:
        optimizer.load_state_dict(state["own"])
        return
    values, variables = state["variables"], optimizer.variables
    if [tuple(value.shape) for value in values] != [tuple(v.shape) for v in variables]:
        counts = f"{len(values)} variables there and {len(variables)} here, or other shapes"
        raise ValueError(_other("optimizer", f"{name} has {counts}"))
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    for each, inner in zip(_inner(optimizer), state["inner"], strict=True):
        _set_optimizer_state(each, inner)


def _metric_state(metric: Any) -> tuple[str, list[Tensor]]:
    return metric.name, [variable.value.detach().clone() for variable in metric.variables]


def _set_metrics(metrics: Iterable[Any], states: list[Any]) -> None:
    found: Counter[str] = Counter()
    by_name = {(name, _count(found, name)): values for name, values in states}
    seen: Counter[str] = Counter()
    for metric in metrics:
        values = by_name.get((metric.name, _count(seen, metric.name)))
        if values is not None:
            _set_metric(metric, values)


def _count(counts: "Counter[str]", name: str) -> int:
    counts[name] += 1
    return counts[name]


def _set_metric(metric: Any, values: list[Tensor]) -> None:
    variables = metric.variables
    if values and not variables:
        _set_once_built(metric, values)
        return
    if len(variables) != len(values):
        raise ValueError(
            _other(
                f"metric {metric.name!r}",
                f"it has {len(values)} variables there, and {len(variables)} here",
            )
        )
    with torch.no_grad():
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def _set_once_built(metric: Any, values: list[Tensor]) -> None:
    """Set the variables of a metric that makes them when it is first updated."""
    update = metric.update_state

    def first_update(*args: Any, **kwargs: Any) -> Any:
        vars(metric).pop("update_state", None)
        update(*args, **kwargs)
        _set_metric(metric, values)
        return update(*args, **kwargs)

    metric.update_state = first_update


def _other(what: str, why: str) -> str:
    return (
        f"The backup was made with another {what}: {why}. Make the same model and compile it in "
        "the same way, or give another `backup_dir` to train from the beginning."
    )
