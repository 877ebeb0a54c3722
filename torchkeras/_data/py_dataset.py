"""`PyDataset`: batches made by Python code, on threads or processes if wanted."""

import itertools
import random
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import starmap
from typing import Any

import torch
from torch.utils import data as torch_data

from torchkeras import tree

from . import order
from .batch import Batch, pack_x_y_sample_weight, unpack_x_y_sample_weight, weighed
from .carried import carriers_among
from .transfer import mover
from .weights import ClassWeights


class PyDataset:
    """A data set that makes whole batches by number, for `fit` to read in parallel.

    Subclasses write `__getitem__(index)`, which returns one batch as `(x, y)`, and `__len__` or
    `num_batches`, the number of batches (`None`: endless).

    Args:
        workers: How many threads or processes make batches ahead; 1 makes them as they are needed.
        use_multiprocessing: Whether they are processes; the data set must then be picklable.
        max_queue_size: How many batches may wait, at most.

    Example:
        >>> import torch, torchkeras
        >>> class Squares(torchkeras.utils.PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         return torch.full((2, 1), index), torch.full((2, 1), index**2)
        >>> [int(y[0]) for x, y in Squares()]
        [0, 1, 4]
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self._workers = workers
        self._use_multiprocessing = use_multiprocessing
        self._max_queue_size = max_queue_size

    def _setting(self, name: str, default: Any) -> Any:
        if name not in self.__dict__:
            warnings.warn(
                f"{type(self).__name__}.__init__ should call `super().__init__(**kwargs)`, where "
                "`kwargs` may hold `workers`, `use_multiprocessing` and `max_queue_size`.",
                stacklevel=3,
            )
            self.__dict__[name] = default
        return self.__dict__[name]

    @property
    def workers(self) -> int:
        """How many threads or processes make batches ahead."""
        return int(self._setting("_workers", 1))

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Whether the workers are processes."""
        return bool(self._setting("_use_multiprocessing", False))

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = value

    @property
    def max_queue_size(self) -> int:
        """How many batches may wait, at most."""
        return int(self._setting("_max_queue_size", 10))

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define `__getitem__(self, index)`.")

    def __iter__(self) -> Iterator[Any]:
        for index in _numbers(self):
            yield self[index]

    @property
    def num_batches(self) -> int | None:
        """The number of batches, or `None` if they never end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            f"{type(self).__name__} must define `__len__(self)` or the property `num_batches`, "
            "the number of batches; `num_batches` is `None` for an endless data set."
        )

    def on_epoch_begin(self) -> None:
        """Run before each epoch."""

    def on_epoch_end(self) -> None:
        """Run after each epoch."""


def _numbers(dataset: PyDataset) -> Iterable[int]:
    try:
        count = dataset.num_batches
    except NotImplementedError:
        count = None  # nothing but iterating by hand is asked of it
    return itertools.count() if count is None else range(count)


class PyDatasetSource:
    """The batches of a `PyDataset`.

    Args:
        dataset: The data set.
        shuffle: Whether each pass takes the batches in a random order.
        class_weight: Class numbers to weights.
    """

    def __init__(self, dataset: PyDataset, shuffle: bool = False, class_weight: Any = None) -> None:
        self._dataset, self._shuffle = dataset, shuffle
        self._weigh = None if class_weight is None else ClassWeights(class_weight)
        self.num_samples, self.batch_size = None, None
        self.kind = type(dataset).__name__
        self.carriers = carriers_among(dataset)

    @property
    def num_batches(self) -> int | None:
        """The number of batches, or `None` if they never end."""
        return self._dataset.num_batches

    def end_pass(self) -> None:
        """Draw as Keras does, which begins another pass after each and leaves it."""
        order.open_pass()

    def on_epoch_begin(self) -> None:
        """Tell the data set that an epoch begins."""
        self._dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Tell the data set that an epoch ended."""
        self._dataset.on_epoch_end()

    def peek(self, device: torch.device | None = None) -> Batch:
        """Return a first batch, for building what depends on it."""
        order.open_pass()
        for number in self._order():
            return self._ready(self._dataset[number], mover(device))
        raise ValueError(
            f"The {self.kind} given as `x` must hold at least one batch. Received: its length is 0."
        )

    def batches(self, device: torch.device | None = None, packed: bool = False) -> Iterator[Any]:
        """Iterate once over the batches, or without end.

        Args:
            device: Where the batches go.
            packed: Whether they come as Keras packs them rather than as three values.
        """
        ready = partial(self._ready, move=mover(device))
        made = map(ready, self._made(order.first_number()))
        return starmap(pack_x_y_sample_weight, made) if packed else made

    def _ready(self, made: Any, move: Callable[[Any], Any]) -> Batch:
        batch: Batch = move(weighed(unpack_x_y_sample_weight(_checked(made)), self._weigh))
        return batch

    def _made(self, seed: int) -> Iterator[Any]:
        """Yield what the data set makes; nothing starts, or is shuffled, before it is wanted."""
        numbers = self._order()
        dataset = self._dataset
        if dataset.use_multiprocessing and dataset.workers > 0:
            yield from _process_loader(dataset, numbers, seed)
        elif dataset.workers > 1:
            yield from _threaded(dataset, numbers)
        else:
            yield from map(dataset.__getitem__, numbers)

    def _order(self) -> Iterable[int]:
        count = self.num_batches
        if count is None:
            return itertools.count()
        if not self._shuffle:
            return range(count)
        shuffled = list(range(count))
        random.shuffle(shuffled)
        return shuffled


def _checked(batch: Any) -> Any:
    usable = tree.is_nested(batch) or hasattr(batch, "shape")
    if usable and not (isinstance(batch, (tuple, list)) and len(batch) not in (1, 2, 3)):
        return batch
    raise ValueError(
        "`PyDataset.__getitem__` must return `(x,)`, `(x, y)` or `(x, y, sample_weight)`, an array "
        f"or a dictionary. Received: {str(batch)[:100]} (of type {type(batch).__name__})."
    )


def _threaded(dataset: PyDataset, numbers: Iterable[int]) -> Iterator[Any]:
    """Make batches ahead on threads, in order."""
    waiting: deque[Future[Any]] = deque()
    pool = ThreadPoolExecutor(dataset.workers)
    remaining = iter(numbers)
    try:
        for number in itertools.islice(remaining, max(1, dataset.max_queue_size)):
            waiting.append(pool.submit(dataset.__getitem__, number))
        while waiting:
            yield waiting.popleft().result()
            for number in itertools.islice(remaining, 1):
                waiting.append(pool.submit(dataset.__getitem__, number))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Items(torch_data.Dataset[Any]):
    def __init__(self, dataset: PyDataset) -> None:
        self._dataset = dataset

    def __getitem__(self, number: int) -> Any:
        return self._dataset[number]


def _process_loader(dataset: PyDataset, numbers: Iterable[int], seed: int) -> Iterable[Any]:
    ahead = max(1, dataset.max_queue_size // dataset.workers)
    return torch_data.DataLoader(
        _Items(dataset),
        batch_size=None,
        sampler=numbers,
        num_workers=dataset.workers,
        prefetch_factor=ahead,
        collate_fn=_in_worker,
        generator=torch.Generator().manual_seed(seed),
    )


def _in_worker(batch: Any) -> Any:
    """Return a batch as tensors, which travel between processes in shared memory."""
    return batch if batch is None else mover(None)(batch)
