"""The metrics that `compile` was given, over one output or many."""

from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from torchkeras import metrics as metrics_module
from torchkeras import tree
from torchkeras._base.messages import show
from torchkeras._base.nested import leaves_of
from torchkeras._state.variable import Variable

from .replication import whole_batch
from .resolve import metric_of, shapes_text


@dataclass(frozen=True)
class _OfOutput:
    """The metrics of one output, and its name if there are several."""

    metrics: list[metrics_module.Metric]
    name: str | None


_PerOutput = list[_OfOutput | None]


class CompiledMetrics(metrics_module.Metric):
    """All metrics given to `compile`, as one metric whose result is a dictionary.

    What the names stand for is settled by the first targets and predictions.

    Args:
        metrics: A list, or a list or dictionary of lists for the outputs.
        weighted_metrics: The same, for metrics that sample weights count in.
        output_names: The names of the model's outputs, if it has any.
    """

    def __init__(
        self,
        metrics: Any,
        weighted_metrics: Any = None,
        output_names: Sequence[str] | None = None,
    ) -> None:
        super().__init__(name="compile_metrics")
        self._given = {"metrics": metrics, "weighted_metrics": weighted_metrics}
        for argument, given in self._given.items():
            if given is not None and not isinstance(given, (list, tuple, dict)):
                raise ValueError(
                    f"`{argument}` must be a list, tuple or dictionary. Received: "
                    f"{argument}={show(given)} (of type {type(given).__name__}). "
                    f"One metric goes into a list: `{argument}=[...]`."
                )
        self._names = list(output_names) if output_names else None
        self._order: list[str] | None = None
        self._is_single = False
        self._plain: _PerOutput = []
        self._weighted: _PerOutput = []
        self.built = False

    @property
    def metrics(self) -> list[metrics_module.Metric]:
        """The metrics themselves."""
        return [m for group in (*self._plain, *self._weighted) if group for m in group.metrics]

    @property
    def variables(self) -> list[Variable]:
        """The variables of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Settle which metrics belong to which output.

        Args:
            y_true: Targets.
            y_pred: Predictions.
        """
        if y_true is None:
            raise ValueError(
                "The model was compiled with metrics, which need targets. Received: y=None. Pass "
                "`y`, or data that yields `(x, y)`."
            )
        count = len(tree.flatten(y_pred))
        flat = tree.is_nested(y_pred) and len(y_pred) == count
        names = self._names_for(y_pred) if flat else self._names
        self._order = names if flat and count > 1 else None
        self._is_single = not (tree.is_nested(y_pred) or tree.is_nested(y_true))
        self._plain, self._weighted = (
            self._per_output(argument, names, y_true, y_pred, flat, count)
            for argument in self._given
        )
        self.built = True

    def _names_for(self, y_pred: Any) -> list[str] | None:
        """Return the outputs' names; those of a dictionary are its keys."""
        if not isinstance(y_pred, dict) or set(y_pred) == set(self._names or ()):
            return self._names
        return list(y_pred) if isinstance(y_pred, OrderedDict) else sorted(y_pred)

    def _per_output(
        self,
        argument: str,
        names: list[str] | None,
        y_true: Any,
        y_pred: Any,
        flat: bool,
        count: int,
    ) -> _PerOutput:
        given = self._given[argument]
        if not given:
            return [None] * count
        if count == 1:
            outputs = (tree.flatten(y_true)[0], tree.flatten(y_pred)[0])
            return [_group(tree.flatten(given), *outputs, None)]
        listed = _listed(given, names, count) if flat else None
        try:
            if listed is None:
                return self._nested(given, names, y_true, y_pred, count)
            labels: Sequence[str | None] = names or [None] * count
            parts = zip(listed, self._flat(y_true), self._flat(y_pred), labels, strict=False)
            return [_group(*part) for part in parts]
        except (ValueError, TypeError) as error:
            raise ValueError(self._misfit(argument, y_pred, error)) from error

    def _nested(
        self, given: Any, names: list[str] | None, y_true: Any, y_pred: Any, count: int
    ) -> _PerOutput:
        """Match metrics that have the structure of deeply nested outputs."""
        labels: Sequence[str | None] = names or [None] * count
        paths = [path for path, _ in tree.flatten_with_path(y_pred)]
        found: _PerOutput = []
        for path, label in zip(paths, labels, strict=True):
            metrics, target, output = (_at(part, path) for part in (given, y_true, y_pred))
            found.append(_group(metrics, target, output, label))
        return found

    def _misfit(self, argument: str, y_pred: Any, error: Exception) -> str:
        by_name = f" as keys of a dictionary ({self._names})," if self._names else ""
        return (
            f"{error}\nInvalid `{argument}`. It must give metrics for each output:{by_name} as a "
            f"list with one entry per output, or in the structure of the outputs: "
            f"{shapes_text(y_pred)}.\nReceived: {argument}={self._given[argument]}"
        )

    def _flat(self, y: Any) -> list[Any]:
        if isinstance(y, dict) and self._order is not None:
            return [y[name] for name in self._order]
        if torch.compiler.is_compiling():
            return leaves_of(y)
        return tree.flatten(y) if tree.is_nested(y) else [y]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Update all metrics.

        Args:
            y_true: The targets.
            y_pred: The predictions.
            sample_weight: Weights for all outputs, or a structure of them; they count in the
                weighted metrics only.
        """
        y_true, y_pred, sample_weight = whole_batch(y_true, y_pred, sample_weight)
        if not self.built:
            self.build(y_true, y_pred)
        targets, outputs = self._flat(y_true), self._flat(y_pred)
        weights = self._flat(sample_weight)
        if len(weights) < len(targets):
            weights = [weights[0]] * len(targets)
        for group, target, output in zip(self._plain, targets, outputs, strict=False):
            for metric in group.metrics if group else ():
                metric.update_state(target, output)
        for group, *batch in zip(self._weighted, targets, outputs, weights, strict=False):
            for metric in group.metrics if group else ():
                metric.update_state(*batch)

    def of_single_output(self) -> tuple[list[Any], list[Any]] | None:
        """Return the plain and the weighted metrics of an output that is one tensor, or `None`."""
        if not self._is_single:
            return None
        (plain,), (weighted,) = self._plain, self._weighted
        return (plain.metrics if plain else []), (weighted.metrics if weighted else [])

    def reset_state(self) -> None:
        """Reset all metrics; before the first batch, those that came as objects."""
        found = self.metrics if self.built else tree.flatten(list(self._given.values()))
        for metric in found:
            if isinstance(metric, metrics_module.Metric):
                metric.reset_state()

    def result(self) -> dict[str, Tensor]:
        """Return the results by name, the outputs' names in front if there are several."""
        if not self.built:
            raise ValueError("There is no result before the first batch has been seen.")
        return {name: metric.result() for name, metric in self.named()}

    def named(self) -> Iterator[tuple[str, metrics_module.Metric]]:
        """Yield the name in the logs and the metric."""
        seen: Counter[str] = Counter()
        for groups, is_weighted in ((self._plain, False), (self._weighted, True)):
            for group in groups:
                for metric in group.metrics if group else ():
                    assert group is not None
                    yield _unique(metric.name, group.name, is_weighted, seen), metric

    def get_config(self) -> dict[str, Any]:
        """Refuse: `Model.get_compile_config` writes what `compile` was given."""
        raise NotImplementedError("Use `model.get_compile_config()`.")


def _unique(metric: str, output: str | None, is_weighted: bool, seen: Counter[str]) -> str:
    """Return a name that no metric has yet, as Keras makes it."""
    prefix = f"{output}_" if output else ""
    name = f"{prefix}{metric}"
    if is_weighted and seen[name]:
        name = f"{prefix}weighted_{metric}"
    seen[name] += 1
    return name if seen[name] == 1 else f"{name}_{seen[name] - 1}"


def _group(given: Any, y_true: Any, y_pred: Any, name: str | None) -> _OfOutput | None:
    if given is None:
        return None
    identifiers = given if isinstance(given, (list, tuple)) else [given]
    return _OfOutput([metric_of(item, y_true, y_pred) for item in identifiers], name)


def _listed(given: Any, names: list[str] | None, count: int) -> list[Any] | None:
    """Return the metrics in the order of the outputs, if they are given flat."""
    if isinstance(given, (list, tuple)) and len(given) == count:
        return list(given)
    if isinstance(given, dict) and names and set(given) <= set(names):
        return [given.get(name) for name in names]
    return None


def _at(structure: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        missing = isinstance(structure, dict) and key not in structure
        too_short = isinstance(structure, (list, tuple)) and key >= len(structure)
        if missing or too_short or not isinstance(structure, (dict, list, tuple)):
            raise ValueError(f"There is nothing for the output at {path}.")
        structure = structure[key]
    return structure
