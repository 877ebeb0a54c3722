"""The loss that `compile` was given, over one output or many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from torchkeras import losses, tree
from torchkeras._base.messages import show
from torchkeras._base.nested import leaves_of

from .resolve import loss_of
from .structure import fit_targets, same_structure
from .tracker import LossTracker

Path = tuple[Any, ...]


@dataclass(frozen=True)
class Term:
    """One summand of the loss.

    Attributes:
        path: Where its output lies in the structure of outputs.
        loss: The loss of that output.
        weight: What it is multiplied by, or `None`.
        name: The output's name in the logs.
    """

    path: Path
    loss: losses.Loss
    weight: float | None
    name: str


@dataclass(frozen=True)
class _Wanted:
    """A loss and its weight as they were given; a leaf in the structure of losses."""

    loss: Any
    weight: float | None


def _wanted(loss: Any, weight: float | None = None) -> _Wanted | None:
    return None if loss is None else _Wanted(loss, weight)


class CompiledLoss:
    """The weighted sum of the losses of all outputs.

    What the names stand for is settled by the first targets and predictions.

    Args:
        loss: A loss, or a list or dictionary of losses for the outputs.
        loss_weights: A number, or a list or dictionary of numbers for the losses.
        output_names: The names of the model's outputs, if it has any.
    """

    def __init__(
        self, loss: Any, loss_weights: Any = None, output_names: Sequence[str] | None = None
    ) -> None:
        if loss_weights is not None and not isinstance(
            loss_weights, (list, tuple, dict, float, int)
        ):
            raise ValueError(
                "`loss_weights` must be a number (one output), or a list or dictionary of numbers "
                f"(several). Received: loss_weights={show(loss_weights)}."
            )
        if any(isinstance(weight, str) for weight in tree.flatten(loss_weights)):
            raise ValueError(
                "`loss_weights`, the third argument of `compile`, must hold numbers. Received: "
                f"loss_weights={show(loss_weights)}. Metrics are given by name: `metrics=[...]`."
            )
        self._loss, self._weights = loss, loss_weights
        self._names = list(output_names) if output_names else None
        self.terms: list[Term] = []
        self.trackers: list[LossTracker] = []
        self.built = False
        self._template: tuple[Any, Any] | None = None

    @property
    def metrics(self) -> list[LossTracker]:
        """The means of the losses of the outputs, if there are several."""
        return self.trackers

    @property
    def single(self) -> losses.Loss | None:
        """The loss, if there is one output and nothing to multiply."""
        simple = len(self.terms) == 1 and self.terms[0].path == () and self.terms[0].weight is None
        return self.terms[0].loss if simple else None

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Settle which loss belongs to which output.

        Args:
            y_true: Targets.
            y_pred: Predictions.
        """
        wanted = self._packed(y_pred)
        names = _names_like(y_pred, self._names)
        if not tree.is_nested(wanted):
            wanted = tree.map_structure(lambda _: wanted, y_pred)
        self.terms = _terms(wanted, y_true, y_pred, names, ())
        if len(self.terms) > 1:
            self.trackers = [LossTracker(name=f"{term.name}_loss") for term in self.terms]
        self._template = (_hollow(y_true), _hollow(y_pred))
        self.built = True

    def _packed(self, y_pred: Any) -> Any:
        """Return losses and weights together, in the order of the outputs."""
        loss, weights = self._loss, self._weights
        if self._names and isinstance(loss, dict) and not isinstance(y_pred, dict):
            loss, weights = self._by_name(loss), self._by_name(weights)
        if weights is None:
            return tree.map_structure(_wanted, loss)
        flat = tree.flatten(weights)
        if len(flat) != len(tree.flatten(loss)):
            raise ValueError(
                "`loss_weights` must match the number of losses. Received: "
                f"{len(tree.flatten(loss))} losses and {len(flat)} weights, loss={loss!r}, "
                f"loss_weights={weights!r}."
            )
        weights = _weights_like(loss, weights)
        return tree.map_structure(_wanted, loss, weights)

    def _by_name(self, given: Any) -> Any:
        names = self._names or []
        if not isinstance(given, dict):
            return given
        if set(given) != set(names):
            raise ValueError(
                "A dictionary of losses or weights must have the outputs' names as keys. Expected "
                f"keys {names} in loss dict, but found loss.keys()={list(given)}. An output "
                "without a loss gets `None`."
            )
        ordered = [given[name] for name in names]
        return ordered if len(ordered) > 1 else ordered[0]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor | None:
        """Return the loss, and note the losses of the outputs if there are several.

        Args:
            y_true: The targets.
            y_pred: The predictions.
            sample_weight: Weights for all outputs, or a structure of them.
        """
        y_true, y_pred = self._fitted(y_true, y_pred)
        total, values = self.parts(y_true, y_pred, sample_weight)
        for tracker, (value, rows) in zip(self.trackers, values, strict=False):
            tracker.track(value.detach(), rows)
        return total

    def parts(
        self, y_true: Any, y_pred: Any, weights: Any
    ) -> tuple[Tensor | None, list[tuple[Tensor, int]]]:
        """Return the sum, and each output's loss and number of rows; a compiler can read this.

        Args:
            y_true: The targets, in the structure that was seen first.
            y_pred: The predictions, likewise.
            weights: Weights for all outputs, or a structure of them.
        """
        total: Tensor | None = None
        found = []
        for term in self.terms:
            output = _at(y_pred, term.path)
            value = term.loss(_at(y_true, term.path), output, _weights_at(weights, term.path))
            found.append((value, leaves_of(output)[0].shape[0]))
            share = value if term.weight is None else value * term.weight
            total = share if total is None else total + share
        return total, found

    def fit_to_outputs(self, y_true: Any) -> Any:
        """Return targets in the structure that was seen first.

        Args:
            y_true: The targets.
        """
        assert self._template is not None
        first_true, first_pred = self._template
        self.check_targets(y_true)
        if tree.is_nested(first_pred) or tree.is_nested(y_true):
            y_true = fit_targets(y_true, first_pred, self._loss, self._names)
        return same_structure(first_true, y_true)

    def check_targets(self, y_true: Any) -> None:
        """Raise if there are no targets, and a loss needs them."""
        if y_true is None and self.needs_targets:
            raise ValueError(
                "The model was compiled with a loss, which needs targets. Received: y=None. Pass "
                "`y`, or data that yields `(x, y)`; a model whose loss comes from `add_loss` alone "
                "is compiled without `loss`."
            )

    def _fitted(self, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
        """Return targets and predictions in the structures for which the paths were found."""
        self.check_targets(y_true)
        if tree.is_nested(y_pred) or tree.is_nested(y_true):
            y_true = fit_targets(y_true, y_pred, self._loss, self._names)
        if not self.built:
            self.build(y_true, y_pred)
        assert self._template is not None
        return same_structure(self._template[0], y_true), same_structure(self._template[1], y_pred)

    @property
    def needs_targets(self) -> bool:
        """Whether any output has a loss."""
        return any(leaf is not None for leaf in tree.flatten(self._loss))


def _terms(wanted: Any, y_true: Any, y_pred: Any, names: Any, path: Path) -> list[Term]:
    """Walk down losses and outputs together, and return the summands."""
    if wanted is None:
        return []
    if isinstance(wanted, _Wanted):
        return _leaf_terms(wanted, y_true, y_pred, names, path)
    if _is_one_for_each(wanted, y_pred):
        wanted = _in_key_order(tree.pack_sequence_as(y_pred, list(wanted)))
        if isinstance(wanted, _Wanted) or wanted is None:
            return _terms(wanted, y_true, y_pred, names, path)
    elif isinstance(wanted, (list, tuple)) and not isinstance(y_pred, type(wanted)):
        return _several_terms(wanted, y_true, y_pred, names, path)
    if not isinstance(wanted, type(y_pred)):
        raise KeyError(_no_such_path(path, "the model's output (`y_pred`)"))
    keys = wanted.keys() if isinstance(wanted, dict) else range(len(wanted))
    found: list[Term] = []
    for key in keys:
        if wanted[key] is None:
            continue
        if not (_has(y_true, key) and _has(y_pred, key)):
            where = "either the model's output (`y_pred`) or in the labels (`y_true`)"
            raise KeyError(_no_such_path((*path, key), where))
        below = names[key] if tree.is_nested(names) else names
        found += _terms(wanted[key], y_true[key], y_pred[key], below, (*path, key))
    return found


def _is_one_for_each(wanted: Any, y_pred: Any) -> bool:
    """Whether losses are a plain list, one for each output."""
    if not isinstance(wanted, (list, tuple)) or any(map(tree.is_nested, wanted)):
        return False
    return len(wanted) == len(tree.flatten(y_pred))


def _several_terms(
    wanted: Sequence[Any], y_true: Any, y_pred: Any, names: Any, path: Path
) -> list[Term]:
    """Return the summands of a list of losses that are all for the same outputs."""
    if not path and not tree.is_nested(y_pred):
        raise ValueError(
            f"`loss` must have one entry per output. Received: {len(wanted)} losses for 1 output. "
            "Add up several losses of one output in a function."
        )
    each = (_terms(item, y_true, y_pred, names, path) for item in wanted)
    return [term for terms in each for term in terms]


def _in_key_order(structure: Any) -> Any:
    """Return a dictionary that was made of a list in the order of the list, that of its keys."""
    return dict(sorted(structure.items())) if type(structure) is dict else structure


def _leaf_terms(wanted: _Wanted, y_true: Any, y_pred: Any, names: Any, path: Path) -> list[Term]:
    loss = loss_of(wanted.loss, y_true, y_pred)
    if loss is None:
        return []
    return [Term(path, loss, wanted.weight, _spell(path, names, loss))]


def _spell(path: Path, names: Any, loss: losses.Loss) -> str:
    """Return an output's name: its path, in which the name of the layer replaces a number."""
    spelled = path
    if not tree.is_nested(names):
        own = loss.name if names is None else names
        if not path:
            spelled = (own,)
        elif isinstance(path[-1], int):
            spelled = (*path[:-1], own)
    all_names = list(names) if isinstance(names, dict) else tree.flatten(names)
    return "/".join(map(str, spelled)) or "_".join(map(str, all_names))


def _names_like(y_pred: Any, names: list[str] | None) -> Any:
    leaves = tree.flatten(y_pred)
    if names is None or len(names) != len(leaves):
        return tree.map_structure(lambda _: None, y_pred)
    return tree.pack_sequence_as(y_pred, names)


def _weights_like(loss: Any, weights: Any) -> Any:
    try:
        tree.assert_same_structure(loss, weights)
    except ValueError:
        return tree.pack_sequence_as(loss, tree.flatten(weights))
    return weights


def _hollow(structure: Any) -> Any:
    return tree.map_structure(lambda _: None, structure)


def _has(structure: Any, key: Any) -> bool:
    if isinstance(structure, dict):
        return key in structure
    return isinstance(structure, (list, tuple)) and isinstance(key, int) and key < len(structure)


def _weights_at(weights: Any, path: Path) -> Any:
    if not isinstance(weights, (list, tuple, dict)):
        return weights
    return _at(weights, path) if path else leaves_of(weights)[0]


def _at(structure: Any, path: Path) -> Any:
    for key in path:
        structure = structure[key]
    return structure


def _no_such_path(path: Path, where: str) -> str:
    return f"The path: {path} in the `loss` argument, can't be found in {where}."
