"""The parts of a data set as torch's `Dataset`s, without a copy of the arrays."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

from ._search import Split, Splits

Item = tuple[Tensor, ...]


class ListsDataset(Dataset[Item]):
    """Lists of whole numbers, of different lengths, each with its label.

    Args:
        lists: An array of lists.
        labels: An array of as many labels.
    """

    def __init__(self, lists: NDArray[Any], labels: NDArray[Any]) -> None:
        self.lists, self.labels = lists, torch.from_numpy(labels)

    def __len__(self) -> int:
        return len(self.lists)

    def __getitem__(self, index: int) -> Item:
        return torch.tensor(self.lists[index], dtype=torch.int64), self.labels[index]


def given(splits: Splits, as_dataset: bool) -> Any:
    """Return the parts of a data set as arrays, or as torch's `Dataset`s.

    Args:
        splits: The arrays.
        as_dataset: Whether datasets are wanted.
    """
    return tuple(_dataset(part) for part in splits) if as_dataset else splits


def _dataset(part: Split) -> Dataset[Item]:
    x, y = part
    if x.dtype == object:
        return ListsDataset(x, y)
    return TensorDataset(*(torch.from_numpy(np.require(array, requirements="W")) for array in part))
