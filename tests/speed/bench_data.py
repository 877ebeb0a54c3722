"""What it costs to get a batch from a source, beside iterating over what the user passed.

Run it with `python -m tests.speed.bench_data`. The first figure is the machinery of `fit` with
nothing to train: batches become tensors on the device of the model and are counted. The ratio is to
a bare `for batch in loader` that turns NumPy into tensors, where there is something to turn.
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from torchkeras._data.adapt import source_of
from torchkeras._data.feed import Feed
from torchkeras.utils import PyDataset

SAMPLES, FEATURES, BATCH, ROUNDS = 6400, 64, 32, 9
X = np.random.default_rng(0).random((SAMPLES, FEATURES), dtype="float32")
Y = np.zeros((SAMPLES, 1), "float32")
STEPS = SAMPLES // BATCH
CPU = torch.device("cpu")


class Rows(Dataset[Any]):
    """Samples, one by one."""

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> Any:
        return X[index], Y[index]


class Batches(PyDataset):
    """Batches by number."""

    def __len__(self) -> int:
        return STEPS

    def __getitem__(self, index: int) -> Any:
        rows = slice(index * BATCH, (index + 1) * BATCH)
        return X[rows], Y[rows]


def generator() -> Iterator[Any]:
    """Yield batches."""
    dataset = Batches()
    for index in range(STEPS):
        yield dataset[index]


def as_tensors(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield batches of NumPy arrays as torch users turn them into tensors."""
    for x, y in batches:
        yield torch.from_numpy(x), torch.from_numpy(y)


def by_hand() -> Iterator[Any]:
    """Yield batches of shuffled arrays as torch users cut them."""
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    order = torch.randperm(SAMPLES)
    for start in range(0, SAMPLES, BATCH):
        chosen = order[start : start + BATCH]
        yield x[chosen], y[chosen]


def of(make: Callable[[], Any], **options: Any) -> Callable[[], Iterator[Any]]:
    """Return a function that makes an epoch of `fit` over a source."""

    def epoch() -> Iterator[Any]:
        feed = Feed(source_of(make(), **options))
        feed.device = CPU
        return feed.epoch()

    return epoch


def loader(dataset: Any, **options: Any) -> Callable[[], Any]:
    """Return a function that makes a loader."""
    return lambda: DataLoader(dataset, batch_size=BATCH, shuffle=True, **options)


TENSORS = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
CASES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "arrays, shuffled": (
        of(lambda: X, y=Y, batch_size=BATCH, shuffle=True),
        by_hand,
    ),
    "DataLoader of tensors": (of(loader(TENSORS)), loader(TENSORS)),
    "DataLoader of rows": (of(loader(Rows())), loader(Rows())),
    "DataLoader, 1 worker": (
        of(loader(Rows(), num_workers=1)),
        loader(Rows(), num_workers=1),
    ),
    "generator": (of(generator), lambda: as_tensors(generator())),
    "PyDataset": (of(Batches), lambda: as_tensors(Batches())),
    "PyDataset, 2 threads": (of(lambda: Batches(workers=2)), lambda: as_tensors(Batches())),
}


def seconds(make: Callable[[], Any]) -> float:
    """Return the time of one epoch."""
    start = time.perf_counter()
    for _ in make():
        pass
    return time.perf_counter() - start


def main() -> None:
    """Print microseconds per batch, turn about."""
    for name, (ours, bare) in CASES.items():
        gc.collect()
        times = [(seconds(ours), seconds(bare)) for _ in range(ROUNDS)]
        ours_us, bare_us = (statistics.median(t) * 1e6 / STEPS for t in zip(*times, strict=True))
        print(
            f"{name:24} {ours_us:8.1f} us, bare {bare_us:8.1f} us: {ours_us / bare_us:5.2f} times"
        )


if __name__ == "__main__":
    main()
