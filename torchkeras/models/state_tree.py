"""The variables of a model as dictionaries nested by path, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from torchkeras._base.messages import one_of
from torchkeras._state.variable import Variable

_KEYS = (
    "trainable_variables",
    "non_trainable_variables",
    "optimizer_variables",
    "metrics_variables",
)


def _variables(model: Any, key: str) -> Sequence[Variable]:
    if key == "optimizer_variables":
        return model.optimizer.variables if model.optimizer is not None else ()
    found: Sequence[Variable] = getattr(model, key)
    return found


def read(model: Any, as_arrays: bool) -> dict[str, Any]:
    """Return the four kinds of variables, each nested by the parts of the paths."""
    return {key: _nested(_variables(model, key), as_arrays) for key in _KEYS}


def _nested(variables: Sequence[Variable], as_arrays: bool) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for variable in variables:
        *parents, name = variable.path.split("/")
        place = root
        for parent in parents:
            place = place.setdefault(parent, {})
        if name in place:
            raise ValueError(
                f"Two variables have the path {variable.path!r}, and a nested dictionary cannot "
                "hold both. Give their layers different names."
            )
        place[name] = variable.numpy() if as_arrays else variable.value
    return root


def write(model: Any, state: Mapping[str, Any]) -> None:
    """Give the variables the values of a nested dictionary."""
    for key, values in state.items():
        one_of("state_tree key", key, _KEYS)
        by_path = {variable.path: variable for variable in _variables(model, key)}
        for path, value in _flat(values, ""):
            if path not in by_path:
                raise ValueError(
                    f"The model has no variable {path!r} among its {key}: {sorted(by_path)}."
                )
            by_path[path].assign(value)


def _flat(values: Any, prefix: str) -> list[tuple[str, Any]]:
    if not isinstance(values, Mapping):
        return [(prefix, values)]
    return [
        found
        for name, inner in values.items()
        for found in _flat(inner, f"{prefix}/{name}" if prefix else str(name))
    ]
