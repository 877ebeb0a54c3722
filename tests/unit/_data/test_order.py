"""Batches come in the order in which Keras draws them from the same seed."""

import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import torch
from keras.src.backend.torch.trainer import TorchEpochIterator
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

import torchkeras
from torchkeras._data.adapt import source_of
from torchkeras._data.feed import Feed

X = np.arange(23, dtype="float32")[:, None]
EPOCHS = 4


def rows(package: Any) -> tuple[Any, bool | str]:
    return X, True


def rows_in_batches(package: Any) -> tuple[Any, bool | str]:
    return X, "batch"


def rows_in_order(package: Any) -> tuple[Any, bool | str]:
    return X, False


def loader(package: Any) -> tuple[Any, bool | str]:
    return DataLoader(TensorDataset(torch.from_numpy(X)), batch_size=4, shuffle=True), False


def loader_with_a_generator(package: Any) -> tuple[Any, bool | str]:
    data, own = TensorDataset(torch.from_numpy(X)), torch.Generator().manual_seed(2)
    sampler = RandomSampler(data, generator=own)
    return DataLoader(data, batch_size=4, sampler=sampler, generator=own), False


def py_dataset(package: Any) -> tuple[Any, bool | str]:
    class Rows(package.utils.PyDataset):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.order = list(range(23))

        def __len__(self) -> int:
            return 6

        def __getitem__(self, index: int) -> Any:
            return (X[self.order[4 * index : 4 * index + 4]],)

        def on_epoch_end(self) -> None:
            random.shuffle(self.order)

    return Rows(), True


SOURCES: list[Callable[[Any], tuple[Any, bool | str]]] = [
    rows, rows_in_batches, rows_in_order, loader, loader_with_a_generator, py_dataset,
]  # fmt: skip


def seed() -> None:
    for draw in (torch.manual_seed, random.seed):
        draw(5)


def keras_order(data: Any, shuffle: Any, steps: int | None) -> list[list[Any]]:
    iterator = TorchEpochIterator(data, batch_size=4, shuffle=shuffle, steps_per_epoch=steps)
    next(iter(next(iter(iterator))[2]))  # what building the model takes
    iterator.reset()
    return [[numbers(x) for _, _, (x,) in iterator] for _ in range(EPOCHS)]


def our_order(data: Any, shuffle: Any, steps: int | None) -> list[list[Any]]:
    batch_size = 4 if isinstance(data, np.ndarray) else None
    feed = Feed(source_of(data, batch_size=batch_size, shuffle=shuffle), steps)
    feed.peek()
    feed.restart()
    return [[numbers(x) for x, _, _ in feed.epoch()] for _ in range(EPOCHS)]


def numbers(batch: Any) -> list[float]:
    return np.asarray(batch[0] if isinstance(batch, (tuple, list)) else batch).ravel().tolist()


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize("steps", [None, 2, 4, 6, 9])
@pytest.mark.parametrize("make", SOURCES)
def test_epochs_and_what_is_drawn_after_them_equal_keras(
    make: Callable[[Any], Any], steps: int | None
) -> None:
    seed()
    expected = keras_order(*make(keras), steps), torch.rand(1).item(), random.random()
    seed()
    assert (our_order(*make(torchkeras), steps), torch.rand(1).item(), random.random()) == expected
