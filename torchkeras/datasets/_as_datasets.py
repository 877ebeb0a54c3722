"""The parts of a data set as torch's `Dataset`s, without a copy of the arrays."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

from ._search import Split, Splits

Item = tuple[Any, Tensor]


class ItemsDataset(Dataset[Item]):
    """Texts as they are, or lists of whole numbers as tensors, each with its label.

    Args:
        items: An array of strings, or of lists of different lengths.
        labels: An array of as many labels.
    """

    def __init__(self, items: NDArray[Any], labels: NDArray[Any]) -> None:
        self.items, self.labels = items, torch.from_numpy(labels)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Item:
        item = self.items[index]
        found = item if isinstance(item, str) else torch.tensor(item, dtype=torch.int64)
        return found, self.labels[index]


def given(splits: Splits, as_dataset: bool) -> Any:
    """Return the parts of a data set as arrays, or as torch's `Dataset`s.

    Args:
        splits: The arrays.
        as_dataset: Whether datasets are wanted.
    """
    return tuple(_dataset(part) for part in splits) if as_dataset else splits


def _dataset(part: Split) -> Dataset[Any]:
    x, y = part
    if x.dtype == object:
        return ItemsDataset(x, y)
    return TensorDataset(*(torch.from_numpy(np.require(array, requirements="W")) for array in part))
