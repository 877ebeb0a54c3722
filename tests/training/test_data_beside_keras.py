"""Every source of batches gives the numbers that it gives in Keras."""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from .twins import PACKAGES, twins

RNG = np.random.default_rng(11)
X = RNG.normal(size=(22, 3)).astype("float32")
Y = RNG.normal(size=(22, 1)).astype("float32")
WEIGHTS = RNG.random(22).astype("float32")
TENSORS = tuple(map(torch.from_numpy, (X, Y, WEIGHTS)))

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
    pytest.mark.filterwarnings("ignore:Your input ran out of data"),
]


class Rows(Dataset[Any]):
    """Samples of NumPy arrays."""

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> Any:
        return X[index], Y[index]


class Numbered(IterableDataset[Any]):
    """Samples without a length, shared out among workers."""

    def __iter__(self) -> Iterator[Any]:
        worker = torch.utils.data.get_worker_info()
        start, step = (worker.id, worker.num_workers) if worker else (0, 1)
        return iter([(X[i], Y[i]) for i in range(start, len(X), step)])


def batches(*parts: np.ndarray) -> Iterator[Any]:
    for start in range(0, 22, 5):
        yield tuple(part[start : start + 5] for part in parts)


def endless(*parts: np.ndarray) -> Iterator[Any]:
    for _ in itertools.count():
        yield from batches(*parts)


def py_dataset(package: Any, *parts: Any, **options: Any) -> Any:
    class Batches(package.utils.PyDataset):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(**options)
            self.order = list(range(22))

        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int) -> Any:
            chosen = self.order[5 * index : 5 * index + 5]
            return tuple(part[chosen] for part in parts)

        def on_epoch_end(self) -> None:
            random.shuffle(self.order)

    return Batches()


Make = Callable[[Any], dict[str, Any]]
SOURCES: dict[str, Make] = {
    "numpy": lambda package: {"x": X, "y": Y},
    "float64": lambda package: {"x": X.astype("float64"), "y": Y.astype("float64")},
    "integers": lambda package: {"x": (X * 9).astype("int64"), "y": (Y * 9).astype("uint8")},
    "tensors": lambda package: {"x": TENSORS[0], "y": TENSORS[1]},
    "pandas": lambda package: {"x": pd.DataFrame(X), "y": pd.Series(Y[:, 0])},
    "sparse": lambda package: {"x": scipy.sparse.coo_matrix(X), "y": Y},
    "weights": lambda package: {"x": X, "y": Y, "sample_weight": WEIGHTS},
    "batch shuffle": lambda package: {"x": X, "y": Y, "shuffle": "batch"},
    "split": lambda package: {"x": X, "y": Y, "validation_split": 0.3},
    "split of tensors": lambda package: {
        "x": TENSORS[0], "y": TENSORS[1], "sample_weight": TENSORS[2], "validation_split": 0.3,
    },
    "steps": lambda package: {"x": X, "y": Y, "steps_per_epoch": 2},
    "steps and batch size": lambda package: {
        "x": X, "y": Y, "steps_per_epoch": 2, "batch_size": 4,
    },
    "validation steps": lambda package: {
        "x": X, "y": Y, "validation_data": (X, Y, WEIGHTS), "validation_steps": 2,
        "validation_batch_size": 3,
    },
    "loader": lambda package: {"x": DataLoader(TensorDataset(*TENSORS[:2]), 5, shuffle=True)},
    "loader of NumPy rows": lambda package: {"x": DataLoader(Rows(), 5)},
    "loader with weights": lambda package: {"x": DataLoader(TensorDataset(*TENSORS), 5)},
    "loader with workers": lambda package: {
        "x": DataLoader(Rows(), 5, shuffle=True, num_workers=1),
    },
    "loader and steps": lambda package: {
        "x": DataLoader(Rows(), 5, shuffle=True), "steps_per_epoch": 3,
    },
    "loader with workers that stay": lambda package: {
        "x": DataLoader(Rows(), 5, shuffle=True, num_workers=2, persistent_workers=True),
    },
    "stream": lambda package: {"x": DataLoader(Numbered(), 5)},
    "loader to validate": lambda package: {
        "x": X, "y": Y, "validation_data": DataLoader(Rows(), 5), "validation_steps": 2,
    },
    "generator": lambda package: {"x": endless(X, Y), "steps_per_epoch": 4},
    "generator with weights": lambda package: {
        "x": endless(X, Y, WEIGHTS), "steps_per_epoch": 5,
    },
    "py_dataset": lambda package: {"x": py_dataset(package, X, Y)},
    "py_dataset in order": lambda package: {"x": py_dataset(package, X, Y), "shuffle": False},
    "py_dataset and steps": lambda package: {
        "x": py_dataset(package, X, Y), "steps_per_epoch": 2,
    },
    "py_dataset with weights": lambda package: {"x": py_dataset(package, X, Y, WEIGHTS)},
    "py_dataset and class weights": lambda package: {
        "x": py_dataset(package, X, (Y > 0).astype("float32")), "class_weight": {1: 3.0},
    },
    "py_dataset to validate": lambda package: {
        "x": X, "y": Y, "validation_data": py_dataset(package, X, Y),
    },
}  # fmt: skip


def perceptron(package: Any) -> Any:
    dense = package.layers.Dense
    return package.Sequential([package.Input((3,)), dense(4, activation="tanh"), dense(1)])


@pytest.mark.parametrize("name", SOURCES)
def test_whole_runs_are_equal(name: str) -> None:
    models = twins(perceptron, optimizer="sgd", loss="mse", metrics=["mae"])
    found = []
    for model, package in zip(models, PACKAGES, strict=True):
        torch.manual_seed(3)
        random.seed(3)
        options = {"batch_size": 5, **SOURCES[name](package)}
        if not isinstance(options["x"], (np.ndarray, torch.Tensor)) and "y" not in options:
            del options["batch_size"]
        if name == "steps":
            del options["batch_size"]
        history = model.fit(**options, epochs=3, verbose=0).history
        found.append((history, torch.rand(1).item(), random.random()))
    (ours, *our_draws), (theirs, *their_draws) = found
    assert list(ours) == list(theirs)
    for key, expected in theirs.items():
        np.testing.assert_allclose(ours[key], expected, rtol=1e-5, atol=1e-7, err_msg=key)
    assert our_draws == their_draws


INPUTS: dict[str, Make] = {
    "numpy": lambda package: {"x": X},
    "pandas": lambda package: {"x": pd.DataFrame(X)},
    "loader": lambda package: {"x": DataLoader(Rows(), 5)},
    "generator": lambda package: {"x": endless(X), "steps": 3},
    "py_dataset": lambda package: {"x": py_dataset(package, X)},
}


@pytest.mark.parametrize("name", INPUTS)
def test_predictions_are_equal(name: str) -> None:
    models = twins(perceptron, optimizer="sgd", loss="mse")
    ours, theirs = (
        model.predict(**INPUTS[name](package), verbose=0)
        for model, package in zip(models, PACKAGES, strict=True)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
