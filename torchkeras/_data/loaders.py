"""Batches from torch loaders and data sets, generators and other iterables."""

import itertools
from collections.abc import Iterable, Iterator, Sized
from typing import Any

import torch
from torch.utils import data as torch_data

from .arrays import DEFAULT_BATCH_SIZE
from .batch import Batch, pack_x_y_sample_weight, unpack_x_y_sample_weight
from .py_dataset import weighed
from .transfer import mover
from .weights import ClassWeights


class Stream:
    """Batches from an iterable, which may be endless or good for one pass only.

    Args:
        iterable: Yields batches of any structure, as `x`, `(x, y)` or `(x, y, sample_weight)`.
        class_weight: Class numbers to weights.
    """

    num_samples: int | None = None
    batch_size: int | None = None

    def __init__(self, iterable: Iterable[Any], class_weight: Any = None) -> None:
        self._iterable = iterable
        self._begun: Iterator[Any] | None = None
        self._weigh = None if class_weight is None else ClassWeights(class_weight)

    @property
    def num_batches(self) -> int | None:
        """The number of batches in a pass, or `None` if only iterating tells."""
        return None

    def end_pass(self) -> None:
        """Do nothing."""

    def on_epoch_begin(self) -> None:
        """Do nothing."""

    def on_epoch_end(self) -> None:
        """Do nothing."""

    def peek(self, device: torch.device | None = None) -> Batch:
        """Return the first batch, which the next pass yields again."""
        iterator = iter(self._iterable)
        for first in iterator:
            self._begun = itertools.chain([first], iterator)
            batch: Batch = mover(device)(unpack_x_y_sample_weight(first))
            return batch
        raise ValueError(
            f"The {type(self._iterable).__name__} given as `x` must yield at least one batch. "
            "Received: none; it may be empty, or used up by an earlier call."
        )

    def batches(self, device: torch.device | None = None, packed: bool = False) -> Iterator[Any]:
        """Iterate over the batches.

        Args:
            device: Where the batches go.
            packed: Whether they come as the iterable packed them rather than as three values.
        """
        move = mover(device)
        begun, self._begun = self._begun, None
        for made in self._iterable if begun is None else begun:
            if packed and self._weigh is None:
                yield move(made)
                continue
            batch = move(weighed(unpack_x_y_sample_weight(made), self._weigh))
            yield pack_x_y_sample_weight(*batch) if packed else batch


class Loader(Stream):
    """The batches of a torch DataLoader.

    Args:
        loader: The loader.
        class_weight: Class numbers to weights.
    """

    def __init__(self, loader: "torch_data.DataLoader[Any]", class_weight: Any = None) -> None:
        super().__init__(loader, class_weight)
        self._loader = loader
        self.batch_size = loader.batch_size

    def peek(self, device: torch.device | None = None) -> Batch:
        """Return the first batch; a pass that would start workers or a stream is gone on with."""
        first = super().peek(device)
        streams = isinstance(self._loader.dataset, torch_data.IterableDataset)
        if self._loader.num_workers == 0 and not streams:
            self._begun = None
        return first

    @property
    def num_batches(self) -> int | None:
        """The number of batches, or `None` for a data set without a length."""
        if not isinstance(self._loader.dataset, Sized):
            return None
        return len(self._loader)


def loader_over(
    dataset: "torch_data.Dataset[Any]", batch_size: int | None, shuffle: bool | str
) -> "torch_data.DataLoader[Any]":
    """Return a loader that makes batches of a torch data set's samples."""
    streams = isinstance(dataset, torch_data.IterableDataset)
    return torch_data.DataLoader(
        dataset,
        batch_size=DEFAULT_BATCH_SIZE if batch_size is None else batch_size,
        shuffle=None if streams else bool(shuffle),
    )
