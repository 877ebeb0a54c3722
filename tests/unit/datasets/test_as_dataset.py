"""`as_dataset=True`: the parts of a data set for programs of torch."""

import inspect
import pkgutil
from importlib import import_module

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

import torchkeras
from tests.unit.datasets.conftest import Places
from tests.unit.datasets.test_texts import accept, write
from torchkeras import datasets
from torchkeras.datasets import digits, imdb

NAMES = [m.name for m in pkgutil.iter_modules(datasets.__path__) if not m.name.startswith("_")]


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_takes_the_argument(name: str) -> None:
    load_data = import_module(f"torchkeras.datasets.{name}").load_data
    argument = inspect.signature(load_data).parameters["as_dataset"]
    assert (argument.default, argument.kind) == (False, inspect.Parameter.KEYWORD_ONLY)


def test_arrays_become_datasets_that_share_their_memory() -> None:
    train, test = digits.load_data(as_dataset=True)
    (x_train, y_train), (x_test, _) = digits.load_data()
    assert (len(train), len(test)) == (len(x_train), len(x_test))
    image, label = train[3]
    assert (image.dtype, image.shape) == (torch.uint8, (8, 8))
    np.testing.assert_array_equal(image, x_train[3])
    assert label == y_train[3]


def test_lists_become_a_dataset_of_tensors(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    accept("imdb", write("imdb", places, np.random.default_rng(0)), monkeypatch)
    train, _ = imdb.load_data(as_dataset=True)
    (x_train, y_train), _ = imdb.load_data()
    assert isinstance(train, Dataset)
    words, label = train[4]
    assert words.dtype is torch.int64
    assert words.tolist() == x_train[4]
    assert label == y_train[4]
    assert len(train) == len(x_train)


def test_fit_and_a_loader_take_them() -> None:
    train, test = digits.load_data(as_dataset=True)
    torchkeras.utils.set_random_seed(0)
    model = torchkeras.Sequential(
        [
            torchkeras.Input((8, 8)),
            torchkeras.layers.Rescaling(1 / 16),
            torchkeras.layers.Flatten(),
            torchkeras.layers.Dense(10),
        ]
    )
    model.compile(
        torchkeras.optimizers.Adam(0.01), torch.nn.CrossEntropyLoss(), metrics=["accuracy"]
    )
    loader = DataLoader(train, batch_size=32, shuffle=True)
    model.fit(loader, epochs=4, verbose=0)
    assert model.evaluate(DataLoader(test, batch_size=64), verbose=0)[1] > 0.8
