"""Optimizers as Keras 1 and 2 wrote them: their arguments, and the state that they had."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

# What Keras 2 called a group of an optimizer's variables, one for each weight of the model.
_SLOTS = {
    "m": "momentum",
    "v": "velocity",
    "u": "norm",
    "vhat": "velocity_hat",
    "rms": "velocity",
    "mg": "average_gradient",
    "accum_grad": "accumulated_grad",
    "accum_var": "accumulated_delta_var",
}
_OURS = (
    *("momentum", "velocity_hat", "velocity", "norm", "average_gradient", "accumulated_grad"),
    *("accumulated_delta_var", "accumulator", "linear"),
)
# The same where the names say nothing, as in Keras without TensorFlow: blocks in this order.
_BLOCKS = {
    "SGD": ("momentum",),
    "RMSprop": ("velocity",),
    "Adagrad": ("accumulator",),
    "Adadelta": ("accumulated_grad", "accumulated_delta_var"),
    "Adam": ("momentum", "velocity", "velocity_hat"),
    "Adamax": ("momentum", "norm"),
    "Nadam": ("momentum", "velocity"),
}
_STEPS = 10_000  # the product is 0 long before
_LEFT_OUT = ("is_legacy_optimizer", "jit_compile", "schedule_decay")


def modern(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config of an optimizer in today's form.

    Args:
        config: What Keras 1 or 2 wrote.

    Raises:
        ValueError: If it decays a learning rate that a schedule gives already.
    """
    name = str(config["class_name"]).rpartition(">")[2]
    name = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop"}.get(name, name)
    inner = {key: value for key, value in config["config"].items() if key not in _LEFT_OUT}
    if "lr" in inner:
        inner["learning_rate"] = inner.pop("lr")
    if inner.get("epsilon", 0) is None:
        del inner["epsilon"]
    decay = inner.pop("decay", 0.0)
    if decay and name != "Nadam":  # there it was the schedule of its momentum
        inner["learning_rate"] = _decayed(inner.get("learning_rate", 0.01), decay)
    return {"class_name": name, "config": inner}


def _decayed(rate: Any, decay: float) -> dict[str, Any]:
    if not isinstance(rate, (int, float)):
        raise ValueError(
            f"The optimizer in the file has a schedule and decay={decay} on top of it, which no "
            "optimizer of today has. Pass `compile=False`, and compile the model yourself."
        )
    inner = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
    return {
        "module": "keras.optimizers.schedules",
        "class_name": "InverseTimeDecay",
        "config": inner,
    }


def partners(optimizer: Any, names: Sequence[str], shapes: Sequence[Any]) -> list[int | None]:
    """Return for each variable of an optimizer where in the file its value is, or `None`.

    Args:
        optimizer: A built optimizer.
        names: The names in the file.
        shapes: The shapes of what they name.

    Raises:
        ValueError: If the file's state is not one of this optimizer.
    """
    found = _by_slot(type(optimizer).__name__, names, shapes, len(optimizer._trainable_variables))
    counts: dict[str, int] = {}
    places: list[int | None] = []
    for variable in optimizer.variables:
        slot = next((s for s in _OURS if variable.path.endswith(f"_{s}")), None)
        if variable.path.endswith("/iteration"):
            places.append(next(iter(found.get("iteration", [])), None))
        elif slot is None:
            places.append(None)
        else:
            index = counts[slot] = counts.get(slot, -1) + 1
            if index >= len(found.get(slot, [])):
                raise ValueError(f"it has no {slot!r} for {variable.path!r}")
            places.append(found[slot][index])
    return places


def _by_slot(
    kind: str, names: Sequence[str], shapes: Sequence[Any], count: int
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        found.setdefault(_slot(name, kind), []).append(index)
    if found.keys() - {"iteration", "momentum_cache", "momentum"} <= {"?"} and "?" in found:
        return _in_blocks(kind, shapes, count)
    return found


def _slot(name: str, kind: str) -> str:
    """Return the group of a variable: `Adam/m/dense/kernel:0`, before that `Adam/dense/kernel/m:0`.

    Groups of names that say nothing are called "?".
    """
    parts = name.partition(":")[0].split("/")
    if parts[-1] in ("iteration", "iter", "iterations"):
        return "iteration"
    if parts[-1] == "momentum_cache":
        return parts[-1]
    candidates = [parts[1] if len(parts) > 3 else "", parts[-1]]
    slot = next((s for s in candidates if s in _SLOTS or s in _OURS), "?")
    if kind == "Adamax" and slot == "v":
        return "norm"
    return _SLOTS.get(slot, slot)


def _in_blocks(kind: str, shapes: Sequence[Any], count: int) -> dict[str, list[int]]:
    """Divide variables by their places: first scalars, then blocks of one for each weight."""
    start = 0
    while len(shapes) - start > 0 and (len(shapes) - start) % count:
        start += 1
    blocks = _BLOCKS.get(kind, ())
    found = {
        slot: list(range(start + block * count, start + (block + 1) * count))
        for block, slot in enumerate(blocks)
        if start + (block + 1) * count <= len(shapes)
    }
    return {**found, "iteration": [0]} if start else found


def complete(optimizer: Any) -> None:
    """Work out what files of Keras 2 leave out: the product that Nadam keeps.

    Args:
        optimizer: An optimizer whose counter is set.
    """
    product = getattr(optimizer, "_u_product", None)
    if product is not None:
        steps = range(1, min(int(optimizer.iterations), _STEPS) + 1)
        product.assign(math.prod(optimizer._share(step) for step in steps))


def with_rate(optimizer: Any, store: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a `.keras` or `.weights.h5` file of Keras 2 keeps of an optimizer, as today's.

    It had no variable for the learning rate, nor Nadam's product.

    Args:
        optimizer: The optimizer.
        store: What the file keeps.
    """
    variables = getattr(optimizer, "variables", [])
    extra = 1 + hasattr(optimizer, "_u_product")
    fixed = len(variables) > 1 and variables[1].path.endswith("/learning_rate")
    if not fixed or not store or len(store) != len(variables) - extra:
        return store
    found = {str(index + 1 if index else 0): store[str(index)] for index in range(len(store))}
    found["1"] = variables[1].numpy()
    if extra > 1:
        found[str(len(variables) - 1)] = variables[-1].numpy()
    return found
