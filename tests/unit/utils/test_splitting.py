"""`split_dataset`: Keras's sizes, and its order where it shuffles."""

from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch.utils.data import IterableDataset, TensorDataset

from torchkeras._data.pipeline import pipeline
from torchkeras.utils import split_dataset

X = np.arange(20).reshape(10, 2)
SIZES: list[dict[str, Any]] = [
    {"left_size": 0.8},
    {"left_size": 3},
    {"right_size": 0.25},
    {"right_size": 4},
    {"left_size": 2, "right_size": 3},
    {"left_size": 0.5, "right_size": 0.2},
]


def rows(data: Any) -> list[list[Any]]:
    return [[part.tolist() for part in sample] for sample in data]


@pytest.mark.parametrize("call", SIZES, ids=str)
@pytest.mark.parametrize("data", [X, (X, X[:, 0]), [X, X + 1]], ids=["array", "tuple", "list"])
def test_the_first_and_the_last_samples(data: Any, call: dict[str, Any]) -> None:
    left, right = split_dataset(data, **call)
    arrays = data if isinstance(data, (list, tuple)) else [data]
    whole = [[a[i].tolist() for a in arrays] for i in range(10)]
    assert rows(left) == whole[: len(left)]
    assert rows(right) == whole[10 - len(right) :]
    if len(call) == 1:
        theirs = keras.utils.split_dataset(data, **call)
        assert [len(left), len(right)] == [len(part) for part in theirs]


@pytest.mark.parametrize("call", SIZES[:4], ids=str)
def test_a_seed_gives_the_order_of_keras(call: dict[str, Any]) -> None:
    ours = split_dataset(X, shuffle=True, seed=7, **call)
    theirs = keras.utils.split_dataset(X, shuffle=True, seed=7, **call)
    assert [rows(part) for part in ours] == [rows(part) for part in theirs]


def test_without_a_seed_each_split_is_another() -> None:
    found = {str(rows(split_dataset(X, 0.5, shuffle=True)[0])) for _ in range(5)}
    assert len(found) > 1


def test_torch_data_sets_are_split() -> None:
    left, right = split_dataset(TensorDataset(torch.from_numpy(X)), left_size=7)
    assert rows(left) + rows(right) == [[row.tolist()] for row in X]


def test_streams_are_read_once() -> None:
    class Stream(IterableDataset[Any]):
        def __iter__(self) -> Any:
            return iter([(torch.tensor(i),) for i in range(4)])

    left, right = split_dataset(Stream(), left_size=0.5)
    assert (rows(left), rows(right)) == ([[0], [1]], [[2], [3]])


def test_batches_are_split_by_samples_and_made_again() -> None:
    data = pipeline([(torch.tensor(i), torch.tensor(-i)) for i in range(10)]).batch(4)
    data.class_names = ["a"]
    left, right = split_dataset(data, left_size=0.7)
    assert rows(left) == [[[0, 1, 2, 3], [0, -1, -2, -3]], [[4, 5, 6], [-4, -5, -6]]]
    assert rows(right) == [[[7, 8, 9], [-7, -8, -9]]]
    assert left.class_names == ["a"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({}, ValueError, "must be given"),
        ({"left_size": "3"}, TypeError, "`left_size` must be an integer, a float or None"),
        ({"right_size": True}, TypeError, "`right_size` must be an integer"),
        ({"left_size": 10}, ValueError, "from 1 to 9, or a float between 0 and 1"),
        ({"left_size": 1.0}, ValueError, "a float between 0 and 1"),
        ({"right_size": 0}, ValueError, "`right_size` must be an integer from 1"),
        ({"left_size": 0.7, "right_size": 0.7}, ValueError, "not sum to more than 1"),
        ({"left_size": 7, "right_size": 7}, ValueError, "not take more than there are"),
        ({"left_size": 0.01}, ValueError, "must leave samples for both parts"),
        ({"left_size": 2, "preferred_backend": "tensorflow"}, ValueError, "must be one of 'torch'"),
        ({"left_size": 2, "dataset": "abc"}, TypeError, "`dataset` must be an array"),
        ({"left_size": 2, "dataset": [[1, 2], [3, 4]]}, TypeError, "`dataset` must be an array"),
        ({"left_size": 2, "dataset": [X, X[:3]]}, ValueError, "must be equally long"),
    ],
)
def test_wrong_arguments(call: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        split_dataset(**{"dataset": X, **call})
