"""`validation_split`: the first part of the data for training, the last for validation."""

import math
from collections.abc import Sized
from typing import Any

from torch.utils import data as torch_data

from torchkeras import tree
from torchkeras._base.messages import show

from .arrays import columns_of, holds_arrays, same_length
from .batch import Batch
from .py_dataset import PyDataset

# What a loader is made of, but for what says which samples it takes.
_KEPT = (
    "batch_size", "num_workers", "collate_fn", "pin_memory", "drop_last", "timeout",
    "worker_init_fn", "multiprocessing_context", "generator", "prefetch_factor",
    "persistent_workers", "in_order",
)  # fmt: skip


def split(data: Batch, validation_split: float) -> tuple[Batch, Any]:
    """Return the data for training and those for validation.

    Args:
        data: Inputs, targets and weights; or a torch data set or loader and twice `None`.
        validation_split: The fraction of the samples, the last ones, for validation.
    """
    x = data[0]
    if isinstance(x, torch_data.DataLoader) and _is_map_style(x.dataset):
        train, validation = _split_loader(x, validation_split)
        return (train, *data[1:]), validation
    if isinstance(x, torch_data.Dataset) and _is_map_style(x):
        train, validation = _split_data_set(x, validation_split)
        return (train, *data[1:]), validation
    if not holds_arrays(data):
        raise ValueError(
            "`validation_split` is only supported for arrays, tensors, and torch data sets (or "
            f"loaders of them) that have a length. Received: x={show(x)} (of type "
            f"{type(x).__name__}). Split the data yourself and pass `validation_data`."
        )
    columns = columns_of(data)
    cut, count = _cut(same_length(columns), validation_split)
    return _narrowed(columns, 0, cut), _narrowed(columns, cut, count)


def _is_map_style(x: Any) -> bool:
    streams = isinstance(x, (torch_data.IterableDataset, PyDataset))
    return hasattr(x, "__getitem__") and isinstance(x, Sized) and not streams


def _split_data_set(dataset: Any, validation_split: float) -> tuple[Any, Any]:
    cut, count = _cut(len(dataset), validation_split)
    parts = range(cut), range(cut, count)
    first, last = (torch_data.Subset(dataset, part) for part in parts)
    return first, last


def _split_loader(
    loader: "torch_data.DataLoader[Any]", validation_split: float
) -> tuple["torch_data.DataLoader[Any]", "torch_data.DataLoader[Any]"]:
    """Return two loaders like the given one, of which the second keeps the order."""
    sampler: Any = loader.sampler
    shuffles = _shuffles(loader)
    kept = {name: getattr(loader, name) for name in _KEPT if hasattr(loader, name)}
    first, last = _split_data_set(loader.dataset, validation_split)
    if shuffles:
        order: Any = torch_data.RandomSampler(first, generator=sampler.generator)
    else:
        order = torch_data.SequentialSampler(first)
    train = torch_data.DataLoader(first, sampler=order, **kept)
    return train, torch_data.DataLoader(last, **{**kept, "drop_last": False})


def _shuffles(loader: "torch_data.DataLoader[Any]") -> bool:
    """Say whether a loader takes every sample once in random order, or all in order."""
    sampler: Any = loader.sampler
    plain_batches = type(loader.batch_sampler) in (torch_data.BatchSampler, type(None))
    if plain_batches and type(sampler) is torch_data.SequentialSampler:
        return False
    each_once = type(sampler) is torch_data.RandomSampler and not sampler.replacement
    if plain_batches and each_once and sampler._num_samples is None:
        return True
    raise ValueError(
        "`validation_split` cannot split a `DataLoader` with a sampler of its own. Received: "
        f"sampler={type(sampler).__name__}, batch_sampler={type(loader.batch_sampler).__name__}. "
        "Split the data set with `torch.utils.data.random_split` and pass `validation_data`."
    )


def _cut(count: int, validation_split: Any) -> tuple[int, int]:
    cut = math.floor(count * (1.0 - _fraction(validation_split)))
    if cut in (0, count):
        raise ValueError(
            f"`validation_split={validation_split}` leaves no samples for training or none for "
            f"validation: {count} samples are not sufficient. Give more samples or another "
            "fraction."
        )
    return cut, count


def _fraction(validation_split: Any) -> float:
    if isinstance(validation_split, (int, float)) and 0.0 < validation_split < 1.0:
        return float(validation_split)
    raise ValueError(
        "`validation_split` must be a number between 0 and 1. "
        f"Received: validation_split={validation_split!r}."
    )


def _narrowed(columns: list[Any], start: int, stop: int) -> Batch:
    x, y, sample_weight = (
        tree.map_structure(lambda c: None if c is None else c.narrow(start, stop), part)
        for part in columns
    )
    return x, y, sample_weight
