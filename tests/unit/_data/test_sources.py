"""Loaders, generators, data sets: what yields batches."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from torchkeras._data.adapt import source_of
from torchkeras._data.arrays import Arrays
from torchkeras._data.feed import Feed
from torchkeras._data.py_dataset import PyDataset

X = torch.arange(10.0)[:, None]


class Numbers(PyDataset):
    def __init__(self, count: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count = count
        self.calls: list[str] = []

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        return np.full((2, 1), index, "float64"), np.full((2,), index)

    def on_epoch_begin(self) -> None:
        self.calls.append("begin")

    def on_epoch_end(self) -> None:
        self.calls.append("end")


def firsts(feed: Feed) -> list[float]:
    return [batch[0].flatten()[0].item() for batch in feed.epoch()]


def test_a_loader_is_used_as_it_is() -> None:
    source = source_of(DataLoader(TensorDataset(X, X), batch_size=4))
    assert source.num_batches == 3
    assert [x.shape[0] for x, _, _ in source.batches()] == [4, 4, 2]


def test_batch_size_beside_a_loader_has_no_effect() -> None:
    with pytest.warns(UserWarning, match="`batch_size=4` has no effect: a DataLoader makes"):
        source_of(DataLoader(TensorDataset(X)), batch_size=4)


def test_y_beside_a_loader() -> None:
    with pytest.raises(ValueError, match="`y` must not be given when `x` yields batches"):
        source_of(DataLoader(TensorDataset(X)), y=X)


def test_a_torch_data_set_gets_a_loader() -> None:
    source = source_of(TensorDataset(X, X), batch_size=5)
    assert [y.shape[0] for _, y, _ in source.batches()] == [5, 5]


def test_an_iterable_data_set_gets_a_loader() -> None:
    class Stream(IterableDataset[Any]):
        def __iter__(self) -> Iterator[Any]:
            return iter(zip(X, X, strict=True))

    feed = Feed(source_of(Stream(), batch_size=4))
    assert feed.num_batches is None
    assert firsts(feed) == [0, 4, 8]
    assert feed.num_batches == 3


def test_a_generator_ends_when_it_ends() -> None:
    feed = Feed(source_of((np.full((2, 1), i), np.zeros(2)) for i in range(3)))
    assert firsts(feed) == [0, 1, 2]
    with pytest.warns(UserWarning, match="ran out of data"):
        assert firsts(feed) == []


def test_peeking_loses_nothing() -> None:
    feed = Feed(source_of((np.full((2, 1), i),) for i in range(3)))
    assert feed.peek()[0][0].item() == 0
    assert firsts(feed) == [0, 1, 2]


def test_an_endless_generator_with_steps() -> None:
    feed = Feed(source_of((np.full((2, 1), i),) for i in itertools.count()), steps=2)
    assert [firsts(feed), firsts(feed)] == [[0, 1], [2, 3]]


def test_an_empty_generator() -> None:
    with pytest.raises(ValueError, match="must yield at least one batch"):
        Feed(source_of(iter(()))).peek()


def test_batches_of_numpy_are_narrowed() -> None:
    ((x, y, _),) = source_of(iter([(np.zeros((2, 1)), np.zeros(2, int))])).batches()
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)


def test_class_weights_with_a_generator() -> None:
    source = source_of(iter([(np.zeros((2, 1)), np.array([0, 1]))]), class_weight={1: 3.0})
    ((_, _, weight),) = source.batches()
    assert weight.tolist() == [1.0, 3.0]


def test_class_weights_beside_sample_weights_in_the_data() -> None:
    batch = (np.zeros((2, 1)), np.array([0, 1]), np.ones(2))
    with pytest.raises(ValueError, match="already yields sample weights"):
        list(source_of(iter([batch]), class_weight={1: 3.0}).batches())


@pytest.mark.parametrize(
    "options", [{}, {"workers": 3}, {"workers": 2, "use_multiprocessing": True}]
)
def test_a_py_dataset_keeps_its_order(options: dict[str, Any]) -> None:
    feed = Feed(source_of(Numbers(7, **options)))
    assert firsts(feed) == list(range(7))
    assert firsts(feed) == list(range(7))


def test_a_py_dataset_is_told_of_epochs() -> None:
    numbers = Numbers()
    firsts(Feed(source_of(numbers)))
    assert numbers.calls == ["begin", "end"]


def test_a_py_dataset_is_shuffled_by_batch() -> None:
    found = firsts(Feed(source_of(Numbers(20), shuffle=True)))
    assert found != list(range(20))
    assert sorted(found) == list(range(20))


def test_an_endless_py_dataset() -> None:
    class Endless(Numbers):
        num_batches = None

    for options in ({}, {"workers": 2}):
        assert firsts(Feed(source_of(Endless(**options)), steps=4)) == [0, 1, 2, 3]


def test_a_py_dataset_whose_init_forgets_super() -> None:
    class Forgetful(Numbers):
        def __init__(self) -> None:
            self.count, self.calls = 3, []

    with pytest.warns(UserWarning, match=r"should call `super\(\).__init__"):
        assert firsts(Feed(source_of(Forgetful()))) == [0, 1, 2]


def test_a_py_dataset_that_returns_nonsense() -> None:
    class Broken(Numbers):
        def __getitem__(self, index: int) -> Any:
            return "batch"

    with pytest.raises(ValueError, match="must return"):
        firsts(Feed(source_of(Broken())))


@pytest.mark.parametrize("x", ["abc", 3, [np.zeros(2), "a"], object()])
def test_unknown_data_say_what_is_allowed(x: Any) -> None:
    with pytest.raises(ValueError, match="Unrecognized data type: `x` must be a NumPy array"):
        source_of(x)


def test_unknown_targets_are_named() -> None:
    with pytest.raises(ValueError, match="Unrecognized data type: `y` must be"):
        source_of(np.zeros((2, 1)), "labels")


def test_arrays_are_recognised() -> None:
    assert isinstance(source_of({"a": X}, X), Arrays)
