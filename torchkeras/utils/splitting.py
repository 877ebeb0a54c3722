"""Data sets in two parts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils import data as torch_data

from torchkeras._base.messages import one_of, show
from torchkeras._data.pipeline import Pipeline, pipeline


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Return the first and the last samples of a data set as two data sets.

    Args:
        dataset: An array, a list or tuple of arrays of equal length, or a torch data set. Of a
            data set of batches, as the functions `..._from_directory` return it, the samples are
            read, split, and put in batches of the same size again.
        left_size: How many samples the first part has, or which fraction of all if it is a float.
        right_size: The same for the last part.
        shuffle: Whether the samples are shuffled before.
        seed: Seeds the order.
        preferred_backend: `"torch"`, the only one there is.

    Returns:
        Two torch data sets.

    Raises:
        TypeError: If the data set is none of these, or a size is no number.
        ValueError: If a size leaves a part empty, or both are more than there is.

    Differs from Keras:
        Without `shuffle` the order is kept; Keras on torch shuffles then too.

    Example:
        >>> import numpy, torchkeras
        >>> left, right = torchkeras.utils.split_dataset(numpy.arange(10), left_size=0.8)
        >>> len(left), [int(x) for x, in right]
        (8, [8, 9])
    """
    one_of("preferred_backend", preferred_backend, ("torch", None))
    if left_size is None and right_size is None:
        raise ValueError("`left_size`, `right_size` or both must be given. Received: neither.")
    samples = _samples(dataset)
    total = len(samples)
    left, right = _sizes(left_size, right_size, total)
    order = _order(total, shuffle, seed)
    parts = order[:left], order[left : left + right] if shuffle else order[total - right :]
    if isinstance(dataset, Pipeline):
        first, last = (_chained(dataset, [samples[i] for i in part]) for part in parts)
        return first, last
    one, other = (torch_data.Subset(samples, part) for part in parts)
    return one, other


def _samples(dataset: Any) -> Any:
    if isinstance(dataset, Pipeline):
        return list(dataset.unbatch() if dataset.batch_size else dataset)
    if isinstance(dataset, torch_data.Dataset):
        if isinstance(dataset, torch_data.IterableDataset):
            return list(dataset)
        return dataset
    arrays = dataset if isinstance(dataset, (list, tuple)) else [dataset]
    if not arrays or not all(isinstance(array, (np.ndarray, Tensor)) for array in arrays):
        raise TypeError(
            "`dataset` must be an array, a list or tuple of arrays, or a torch data set. "
            f"Received: dataset={show(dataset)} (of type {type(dataset).__name__})."
        )
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) != 1:
        raise ValueError(
            f"The arrays of `dataset` must be equally long. Received: lengths {lengths}."
        )
    tensors = (torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in arrays)
    return torch_data.TensorDataset(*tensors)


def _chained(dataset: Pipeline, samples: list[Any]) -> Pipeline:
    made = pipeline(samples)
    made = made.batch(dataset.batch_size) if dataset.batch_size else made
    made.class_names = dataset.class_names
    return made


def _order(total: int, shuffle: bool, seed: int | None) -> Sequence[int]:
    if not shuffle:
        return range(total)
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    order: list[int] = torch.randperm(total, generator=generator).tolist()
    return order


def _sizes(left: float | None, right: float | None, total: int) -> tuple[int, int]:
    for name, size in (("left_size", left), ("right_size", right)):
        _check_size(name, size, total)
    if isinstance(left, float) and isinstance(right, float) and left + right > 1:
        raise ValueError(
            "`left_size` and `right_size` must not sum to more than 1. Received: "
            f"left_size={left}, right_size={right}."
        )
    first, last = _samples_of(left, total), _samples_of(right, total)
    first = total - (last or 0) if first is None else first
    last = total - first if last is None else last
    if first + last > total or not first or not last:
        raise ValueError(
            "`left_size` and `right_size` must leave samples for both parts and not take more "
            f"than there are. Received: left_size={left}, right_size={right}, which are {first} "
            f"and {last} of {total} samples."
        )
    return first, last


def _check_size(name: str, size: Any, total: int) -> None:
    if size is None:
        return
    if type(size) not in (int, float):
        raise TypeError(
            f"`{name}` must be an integer, a float or None. Received: {name}={size!r} (of type "
            f"{type(size).__name__})."
        )
    if size <= 0 or size >= (total if type(size) is int else 1):
        raise ValueError(
            f"`{name}` must be an integer from 1 to {total - 1}, or a float between 0 and 1. "
            f"Received: {name}={size}."
        )


def _samples_of(size: float | None, total: int) -> int | None:
    return round(size * total) if isinstance(size, float) else size
