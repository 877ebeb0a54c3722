"""Columns of structured data: read from tables, loaders and iterables, and shown to layers."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from torchkeras._base.messages import show
from torchkeras.layers.preprocessing.batches import input_batches
from torchkeras.layers.preprocessing.discretization import Discretization
from torchkeras.layers.preprocessing.index_lookup import IndexLookup
from torchkeras.layers.preprocessing.normalization import Normalization
from torchkeras.layers.preprocessing.text import as_bytes, is_text
from torchkeras.layers.preprocessing.text_vectorization import TextVectorization

# As in Keras, whose quantiles depend on it.
BATCH = 32


def is_table(data: Any) -> bool:
    """Say whether data are columns by name."""
    return isinstance(data, Mapping) or (hasattr(data, "columns") and hasattr(data, "__getitem__"))


def column_of(table: Any, name: str) -> Any:
    """Return a column as a tensor, or as an array of numbers or bytes.

    Args:
        table: Columns by name.
        name: The name.

    Raises:
        ValueError: If there is no such column.
    """
    names = list(table.keys() if isinstance(table, Mapping) else table.columns)
    if name not in names:
        raise ValueError(f"The data must have a column {name!r}. Received: columns {names}.")
    value = table[name]
    if isinstance(value, Tensor):
        return value
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    return as_bytes(value, name) if is_text(value) else np.asarray(value)


def is_adaptable(layer: Any) -> bool:
    """Say whether a layer learns from data, because nobody gave it what it needs."""
    if isinstance(layer, Normalization):
        return layer.input_mean is None
    if isinstance(layer, Discretization):
        return layer.num_bins is not None
    if isinstance(layer, TextVectorization):
        layer = layer._lookup_layer
    if isinstance(layer, IndexLookup):
        return not layer._has_input_vocabulary
    return hasattr(layer, "adapt")


def adapt_all(layers: Mapping[str, Any], data: Any) -> None:
    """Let layers learn from their columns, in one pass over the data.

    Args:
        layers: Layers by the names of their columns.
        data: A table, or batches or samples of tables.
    """
    learners = {name: _Learner(layer) for name, layer in layers.items()}
    for batch in _batches(data, list(learners)):
        for name, learner in learners.items():
            learner.learn(batch[name])
    for learner in learners.values():
        learner.finish()


class _Learner:
    """A layer that sees its column piece by piece."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._streams = all(
            hasattr(layer, name) for name in ("reset_state", "update_state", "finalize_state")
        )
        self._pieces: list[Any] = []
        if self._streams:
            layer.reset_state()

    def learn(self, column: Any) -> None:
        piece = column[:, None] if column.ndim == 1 else column
        if not self._streams:
            self._pieces.append(piece)
        elif column.ndim > 1 and isinstance(self._layer, Discretization):
            for row in piece:  # as Keras, which takes rows of one number for batches
                self._layer.update_state(row)
        else:
            self._layer.update_state(piece)

    def finish(self) -> None:
        if self._streams:
            self._layer.finalize_state()
        else:
            self._layer.adapt(self._pieces)


def _batches(data: Any, names: list[str]) -> Iterator[dict[str, Any]]:
    """Yield pieces of columns."""
    if is_table(data):
        yield from _pieces({name: column_of(data, name) for name in names})
        return
    samples: list[dict[str, Any]] = []
    for table in input_batches(data):
        if not is_table(table):
            raise ValueError(
                "`adapt` takes a dictionary of columns, or batches or samples of them. Received: "
                f"{show(table)} (of type {type(table).__name__})."
            )
        columns = {name: column_of(table, name) for name in names}
        if any(column.ndim for column in columns.values()):
            yield columns
            continue
        samples.append(columns)
        if len(samples) == BATCH:
            yield _stacked(samples)
            samples = []
    if samples:
        yield _stacked(samples)


def _pieces(columns: dict[str, Any]) -> Iterator[dict[str, Any]]:
    lengths = {name: len(column) if column.ndim else 0 for name, column in columns.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(
            f"All columns must have one length, of at least 1. Received: lengths {lengths}."
        )
    for start in range(0, max(lengths.values(), default=0), BATCH):
        yield {name: column[start : start + BATCH] for name, column in columns.items()}


def _stacked(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Return samples of single values as columns."""
    made = {}
    for name in samples[0]:
        values = [sample[name] for sample in samples]
        made[name] = np.stack([v.numpy(force=True) if isinstance(v, Tensor) else v for v in values])
    return made
