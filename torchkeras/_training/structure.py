"""Targets brought into the structure of the predictions, as far as Keras allows them to differ."""

from collections.abc import Sequence
from typing import Any

from torchkeras import tree

from .resolve import shapes_text


def fit_targets(y_true: Any, y_pred: Any, loss: Any, names: Sequence[str] | None) -> Any:
    """Return targets in the structure of the predictions.

    Args:
        y_true: The targets.
        y_pred: The predictions.
        loss: The losses as they were given: outputs without one may lack targets.
        names: The names of the outputs.
    """
    if _alike(y_true, y_pred):
        return y_true
    if not tree.is_nested(y_true) and _length(y_pred) == 1:
        y_true = [y_true]
    elif _goes_by_name(y_true, y_pred, names):
        y_true = [y_true[name] for name in names or ()]
    flat = tree.flatten(y_true)
    if isinstance(y_true, (list, tuple)) and len(y_true) == len(tree.flatten(y_pred)):
        return tree.pack_sequence_as(y_pred, list(y_true))
    if _paths(y_true) == _paths(y_pred):
        return tree.pack_sequence_as(y_pred, flat)
    filled = _fill_gaps(flat, loss)
    if filled is not None:
        return filled
    raise ValueError(
        "y_true and y_pred have different structures.\n"
        f"y_true: {shapes_text(y_true)}\ny_pred: {shapes_text(y_pred)}\n"
        "Give targets in the structure of the model's outputs, one array per output."
    )


def _goes_by_name(y_true: Any, y_pred: Any, names: Sequence[str] | None) -> bool:
    listed = isinstance(y_true, dict) and isinstance(y_pred, (list, tuple))
    return listed and set(names or ()) == set(y_true)


def _alike(first: Any, second: Any) -> bool:
    try:
        tree.assert_same_structure(first, second)
    except ValueError:
        return False
    return True


def _length(structure: Any) -> int:
    return len(structure) if isinstance(structure, (list, tuple, dict)) else -1


def _paths(structure: Any) -> list[tuple[Any, ...]]:
    return [path for path, _ in tree.flatten_with_path(structure)]


def _fill_gaps(targets: list[Any], loss: Any) -> Any:
    """Return targets for the outputs that have a loss, and `None` for the others."""
    wanted = tree.flatten(loss)
    if len(targets) != sum(item is not None for item in wanted):
        return None
    remaining = iter(targets)
    filled = [None if item is None else next(remaining) for item in wanted]
    return tree.pack_sequence_as(loss, filled)


def same_structure(template: Any, structure: Any) -> Any:
    """Return `structure` with the containers of `template`, which may only differ in their kind."""
    if template is None or not tree.is_nested(structure):
        return structure
    if _alike(template, structure):
        return structure
    return tree.pack_sequence_as(template, tree.flatten(structure))
