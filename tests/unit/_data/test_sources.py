"""Loaders, generators, data sets: what yields batches."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from torchkeras import tree
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


class Foreign:
    """An array of another library: read-only, known by its shape and `__array__` alone."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        view = np.asarray(self._array, dtype)
        view.flags.writeable = False
        return view


class TfData:
    """What can be told from outside of a `tf.data.Dataset`."""

    def __init__(self, count: int, cardinality: int | None = None) -> None:
        self._count = count
        self._told = count if cardinality is None else cardinality

    def __iter__(self) -> Iterator[Any]:
        for index in range(self._count):
            yield Foreign(np.full((2, 1), index, "float64")), Foreign(np.array([0, 1]))

    def __len__(self) -> int:
        if self._told < 0:
            raise TypeError("The dataset has no known length.")
        return self._told

    def cardinality(self) -> Any:
        return np.int64(self._told)


def test_arrays_of_other_libraries() -> None:
    ((x, y, _),) = source_of(Foreign(np.ones((2, 1))), Foreign(np.array([0, 1]))).batches()
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)


@pytest.mark.parametrize(("told", "known"), [(None, 3), (-1, None), (-2, None)])
def test_a_data_set_of_tensorflow(told: int | None, known: int | None) -> None:
    feed = Feed(source_of(TfData(3, told)))
    assert feed.num_batches == known
    assert firsts(feed) == [0, 1, 2]
    assert firsts(feed) == [0, 1, 2]
    ((x, y, _), *_) = source_of(TfData(1)).batches()
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)


def test_an_iterable_with_a_length_says_how_many_batches_there_are() -> None:
    class Batches:
        def __len__(self) -> int:
            return 2

        def __iter__(self) -> Iterator[Any]:
            return iter([(X, X), (X, X)])

    assert source_of(Batches()).num_batches == 2


@pytest.mark.parametrize(
    ("batch", "shapes"),
    [
        ({"a": X, "b": X}, {"a": (10, 1), "b": (10, 1)}),
        (((X, X), X), ((10, 1), (10, 1))),
        (([X, {"c": X}], X, X[:, 0]), [(10, 1), {"c": (10, 1)}]),
        (([[1.0, 2.0], [3.0, 4.0]], [0, 1]), (2, 2)),
        ((X, None), (10, 1)),
        ([X, X], (10, 1)),
    ],
)
def test_batches_of_any_structure(batch: Any, shapes: Any) -> None:
    ((x, _, _),) = source_of(iter([batch])).batches()
    found = tree.map_structure(lambda leaf: tuple(leaf.shape), x)
    assert found == shapes


def test_samples_in_dictionaries() -> None:
    samples = [({"a": X[i], "b": X[i]}, i) for i in range(4)]
    ((x, y, _),) = source_of(DataLoader(samples, batch_size=4)).batches()
    assert x["b"].shape == (4, 1)
    assert y.tolist() == [0, 1, 2, 3]


def test_batches_of_workers_come_as_tensors_in_shared_memory() -> None:
    numbers = Numbers(2, workers=1, use_multiprocessing=True)
    for x, y, _ in source_of(numbers).batches():
        assert (x.dtype, y.dtype) == (torch.float32, torch.int64)


def test_an_error_in_a_worker_is_raised() -> None:
    class Failing(Numbers):
        def __getitem__(self, index: int) -> Any:
            raise LookupError("no such file")

    for options in ({}, {"workers": 2}, {"workers": 1, "use_multiprocessing": True}):
        with pytest.raises(LookupError, match="no such file"):
            firsts(Feed(source_of(Failing(**options))))


def test_a_length_that_changes_counts_from_the_next_epoch_on() -> None:
    class Growing(Numbers):
        def on_epoch_end(self) -> None:
            self.count += 1

    feed = Feed(source_of(Growing(2)))
    assert [len(firsts(feed)) for _ in range(3)] == [2, 3, 4]


def test_threads_make_no_more_than_the_queue_holds() -> None:
    asked: list[int] = []

    class Counting(Numbers):
        def __getitem__(self, index: int) -> Any:
            asked.append(index)
            return super().__getitem__(index)

    batches = source_of(Counting(50, workers=2, max_queue_size=4)).batches()
    next(batches)
    time.sleep(0.05)
    assert len(asked) <= 6
    del batches


def test_a_data_set_without_a_length_says_what_to_define() -> None:
    class Unsized(PyDataset):
        def __getitem__(self, index: int) -> Any:
            return X, X

    with pytest.raises(NotImplementedError, match="must define `__len__"):
        Feed(source_of(Unsized())).peek()
