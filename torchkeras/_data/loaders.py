"""Batches from torch loaders and data sets, generators, tf.data and other iterables."""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sized
from typing import Any

import torch
from torch.utils import data as torch_data

from . import order
from .arrays import DEFAULT_BATCH_SIZE
from .batch import Batch, pack_x_y_sample_weight, unpack_x_y_sample_weight, weighed
from .carried import carriers_among
from .pipeline import Pipeline
from .py_dataset import PyDataset
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
        self.kind = type(iterable).__name__

    @property
    def num_batches(self) -> int | None:
        """The number of batches in a pass, or `None` if only iterating tells."""
        return _cardinality(self._iterable)

    def end_pass(self) -> None:
        """Draw as Keras does, which begins another pass after each and leaves it."""
        order.open_pass()

    def on_epoch_begin(self) -> None:
        """Do nothing."""

    def on_epoch_end(self) -> None:
        """Do nothing."""

    @property
    def begun(self) -> bool:
        """Whether a pass has begun with a look at its first batch."""
        return self._begun is not None

    def unpeek(self) -> None:
        """Begin the next pass with the first batch, unless that can be had only once."""
        if not isinstance(self._iterable, Iterator):
            self._begun = None

    def peek(self, device: torch.device | None = None) -> Batch:
        """Return the first batch, which the next pass yields again."""
        iterator = self._begin() if self._begun is None else self._begun
        for first in iterator:
            self._begun = itertools.chain([first], iterator)
            batch: Batch = mover(device)(unpack_x_y_sample_weight(first))
            return batch
        raise ValueError(
            f"The {self.kind} given as `x` must yield at least one batch. "
            "Received: none; it may be empty, or used up by an earlier call."
        )

    def _begin(self) -> Iterator[Any]:
        order.open_pass()
        return iter(self._iterable)

    def batches(self, device: torch.device | None = None, packed: bool = False) -> Iterator[Any]:
        """Iterate over the batches.

        Args:
            device: Where the batches go.
            packed: Whether they come as the iterable packed them rather than as three values.
        """
        begun, self._begun = self._begun, None
        if begun is None:
            begun = self._begin()
        else:
            self.end_pass()  # Keras begins anew after its look at the first batch
        move = mover(device)
        if self._weigh is None:
            return map(move, begun if packed else map(unpack_x_y_sample_weight, begun))
        made = (move(weighed(unpack_x_y_sample_weight(batch), self._weigh)) for batch in begun)
        return itertools.starmap(pack_x_y_sample_weight, made) if packed else made


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
        inner = getattr(loader.batch_sampler, "sampler", None)
        parts = (loader, loader.dataset, loader.sampler, loader.batch_sampler, inner)
        generators = (getattr(part, "generator", None) for part in parts)
        self.carriers = carriers_among(*parts[1:], *generators)

    def peek(self, device: torch.device | None = None) -> Batch:
        """Return a first batch; a pass over a stream, perhaps its only one, is gone on with."""
        first = super().peek(device)
        if not isinstance(self._loader.dataset, torch_data.IterableDataset):
            self._begun = None
        return first

    def _begin(self) -> Iterator[Any]:
        """Begin a pass, which draws at once; workers start with the first batch that is wanted."""
        if self._loader.num_workers == 0:
            return iter(self._loader)
        return (batch for loader in [self._loader] for batch in loader)

    def end_pass(self) -> None:
        """Draw as Keras does, which begins another pass after each and leaves it."""
        loader = self._loader
        if not (loader.persistent_workers and self.is_warm):
            order.open_pass(loader.generator)
        if loader.num_workers > 0:  # these are given numbers of samples at once
            ahead = loader.num_workers * (loader.prefetch_factor or 2)
            groups = loader.sampler if loader.batch_sampler is None else loader.batch_sampler
            deque(itertools.islice(groups, ahead), maxlen=0)

    @property
    def is_warm(self) -> bool:
        """Whether workers run that go on from pass to pass."""
        return getattr(self._loader, "_iterator", None) is not None

    def set_warm(self, warm: bool) -> None:
        """Start, or forget, workers that go on from pass to pass; a pass draws if it starts them.

        Args:
            warm: Whether they shall run.
        """
        if warm and not self.is_warm and self._loader.persistent_workers:
            iter(self._loader)
        elif not warm and self.is_warm:
            self._loader._iterator = None

    @property
    def num_batches(self) -> int | None:
        """The number of batches, or `None` for a data set without a length."""
        if not isinstance(self._loader.dataset, Sized):
            return None
        return len(self._loader)


def _cardinality(iterable: Any) -> int | None:
    """Return how many batches a data set says it has, if it says so and can be read again."""
    if isinstance(iterable, Iterator):
        return None
    try:
        told = iterable.cardinality() if hasattr(iterable, "cardinality") else len(iterable)
        count = int(told)
    except (TypeError, NotImplementedError):
        return None  # it has no length, or its length is not known
    return count if count >= 0 else None


def makes_samples(data: Any) -> bool:
    """Say whether data is a torch data set of samples, of which batches must be made."""
    return isinstance(data, torch_data.Dataset) and not isinstance(data, (PyDataset, Pipeline))


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
