"""From what users pass as data to one of the sources of batches."""

import warnings
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import torch
from torch.utils import data as torch_data

from torchkeras import tree
from torchkeras._base.messages import show

from .arrays import Arrays, holds_arrays
from .batch import Batch
from .loaders import Loader, Stream, loader_over, makes_samples
from .pipeline import Pipeline
from .py_dataset import PyDataset, PyDatasetSource
from .stages import INFINITE
from .weights import refuse_both


class Source(Protocol):
    """Where batches come from."""

    @property
    def kind(self) -> str: ...

    @property
    def num_samples(self) -> int | None: ...

    @property
    def num_batches(self) -> int | None: ...

    @property
    def batch_size(self) -> int | None: ...

    def end_pass(self) -> None: ...

    def on_epoch_begin(self) -> None: ...

    def on_epoch_end(self) -> None: ...

    def peek(self, device: torch.device | None = None) -> Batch: ...

    def batches(
        self, device: torch.device | None = None, packed: bool = False
    ) -> Iterator[Any]: ...


def source_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: Any = None,
) -> Source:
    """Return the source of batches for whatever was passed as data.

    Args:
        x: Arrays in any structure, or something that yields batches.
        y: The targets, for arrays only.
        sample_weight: The weight of each sample, for arrays only.
        batch_size: Samples per batch, for arrays and torch data sets only.
        steps: Batches per epoch.
        shuffle: Whether each epoch has an order of its own.
        class_weight: Class numbers to weights.
    """
    if holds_arrays((x, y, sample_weight)) and not _yields_batches(x):
        return Arrays(x, y, sample_weight, batch_size, steps, shuffle, class_weight)
    if not _yields_batches(x):
        raise ValueError(_unknown(x, y, sample_weight))
    _refuse_parts(x, y, sample_weight)
    refuse_both(class_weight, sample_weight)
    if steps is None and isinstance(x, Pipeline) and x.cardinality() == INFINITE:
        raise ValueError(
            "`steps_per_epoch` (or `steps`) must be given, because the data set repeats for ever. "
            "Or leave out its `repeat()`: each epoch reads it anew."
        )
    if makes_samples(x):
        x, batch_size = loader_over(x, batch_size, shuffle), None
    if batch_size is not None:
        warnings.warn(
            f"`batch_size={batch_size}` has no effect: a {type(x).__name__} makes its own batches.",
            stacklevel=2,
        )
    return _from_batches(x, shuffle, class_weight)


def takes_batch_size(x: Any) -> bool:
    """Say whether batches are made of `x` rather than by it."""
    return makes_samples(x) or not _yields_batches(x)


def _from_batches(x: Any, shuffle: bool | str, class_weight: Any) -> Source:
    if isinstance(x, PyDataset):
        return PyDatasetSource(x, bool(shuffle), class_weight)
    if isinstance(x, torch_data.DataLoader):
        return Loader(x, class_weight)
    return Stream(x, class_weight)


def _yields_batches(x: Any) -> bool:
    if isinstance(x, (PyDataset, torch_data.DataLoader, torch_data.Dataset)):
        return True
    if isinstance(x, (str, bytes)) or tree.is_nested(x) or hasattr(x, "__array__"):
        return False
    return isinstance(x, Iterable) and not holds_arrays(x)


def _refuse_parts(x: Any, y: Any, sample_weight: Any) -> None:
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"`{name}` must not be given when `x` yields batches. Received: x of type "
                f"{type(x).__name__} and {name}={show(value)}. Let `x` yield "
                "`(inputs, targets)` or `(inputs, targets, sample_weights)`."
            )


def _unknown(x: Any, y: Any, sample_weight: Any) -> str:
    named = {"x": x, "y": y, "sample_weight": sample_weight}
    bad = (key for key, part in named.items() if part is not None and not holds_arrays(part))
    name = next(bad, "x")
    value = named[name]
    hint = (
        "It is a function: call it, so that the generator it returns is passed."
        if callable(value)
        else "Python lists of numbers of equal length may be passed too; others need "
        "`np.array(...)`."
    )
    return (
        f"Unrecognized data type: `{name}` must be a NumPy array, a torch tensor, a pandas table, "
        "a list, tuple or dictionary of these, a torch `DataLoader` or `Dataset`, a `PyDataset` "
        f"or a generator. Received: {name}={show(value)} (of type {type(value).__name__}). {hint}"
    )
