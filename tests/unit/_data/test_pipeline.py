"""The chains of data sets: what each stage yields, and how long it is."""

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from torchkeras._data.pipeline import Pipeline, pipeline


def numbers(count: int = 7) -> Pipeline:
    return pipeline([torch.tensor(i) for i in range(count)])


def values(data: Any) -> list[Any]:
    return [x.tolist() if hasattr(x, "tolist") else x for x in data]


CHAINS: dict[str, tuple[Callable[[Pipeline], Pipeline], list[Any], int]] = {
    "map": (lambda d: d.map(lambda x: x + 1), [1, 2, 3, 4, 5, 6, 7], 7),
    "filter": (lambda d: d.filter(lambda x: x > 4), [5, 6], -2),
    "batch": (lambda d: d.batch(3), [[0, 1, 2], [3, 4, 5], [6]], 3),
    "batch, rest left out": (lambda d: d.batch(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]], 2),
    "unbatch": (lambda d: d.batch(3).unbatch(), [0, 1, 2, 3, 4, 5, 6], -2),
    "take": (lambda d: d.take(2), [0, 1], 2),
    "take all": (lambda d: d.take(-1), [0, 1, 2, 3, 4, 5, 6], 7),
    "take too many": (lambda d: d.take(9), [0, 1, 2, 3, 4, 5, 6], 7),
    "skip": (lambda d: d.skip(5), [5, 6], 2),
    "skip all": (lambda d: d.skip(-1), [], 0),
    "repeat": (lambda d: d.take(2).repeat(2), [0, 1, 0, 1], 4),
    "repeat for ever": (lambda d: d.take(2).repeat().take(5), [0, 1, 0, 1, 0], 5),
    "cache": (lambda d: d.cache(), [0, 1, 2, 3, 4, 5, 6], 7),
    "prefetch": (lambda d: d.prefetch(2), [0, 1, 2, 3, 4, 5, 6], 7),
    "concatenate": (lambda d: d.take(1).concatenate(d.take(2)), [0, 0, 1], 3),
    "shard": (lambda d: d.shard(3, 1), [1, 4], 2),
    "apply": (lambda d: d.apply(lambda x: x.take(1)), [0], 1),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_stage_yields_what_it_says_on_every_pass(name: str) -> None:
    chain, expected, count = CHAINS[name]
    data = chain(numbers())
    assert values(data) == values(data) == expected
    assert data.cardinality() == count
    if count >= 0:
        assert len(data) == count


@pytest.mark.skipif(sys.platform == "win32", reason="a lambda goes to a forked process only")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("name", CHAINS)
def test_workers_share_a_chain(name: str) -> None:
    chain, expected, _ = CHAINS[name]
    data = chain(numbers())
    loader = DataLoader(data, batch_size=None, num_workers=2, multiprocessing_context="fork")
    assert values(loader) == expected


def test_enumerate() -> None:
    assert [(i, int(x)) for i, x in numbers(2).enumerate(5)] == [(5, 0), (6, 1)]


def test_a_shuffle_draws_from_its_buffer_and_repeats_with_its_seed() -> None:
    data, again = (numbers(20).shuffle(20, seed=1) for _ in range(2))
    epochs = [values(data) for _ in range(3)]
    assert all(sorted(epoch) == list(range(20)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert epochs == [values(again) for _ in range(3)]
    fixed = numbers(20).shuffle(20, seed=1, reshuffle_each_iteration=False)
    assert values(fixed) == values(fixed)
    assert values(numbers(20).shuffle(1)) == list(range(20))


def test_a_length_that_is_not_known_is_said() -> None:
    with pytest.raises(TypeError, match="has no length: it tells its length only by a pass"):
        len(numbers().unbatch())
    with pytest.raises(TypeError, match="has no length: it never ends"):
        len(numbers().repeat())
    assert numbers().repeat().cardinality() == -1


def test_a_cache_makes_elements_once() -> None:
    calls: list[int] = []
    data = numbers(3).map(lambda x: calls.append(1) or x).cache()
    next(iter(data))
    assert values(data) == values(data) == [0, 1, 2]
    assert len(calls) == 4


def test_a_cache_on_disk_is_refused() -> None:
    with pytest.raises(ValueError, match="`filename` must be empty"):
        numbers().cache("file")


def test_structures_are_mapped_stacked_and_taken_apart() -> None:
    data = pipeline([({"a": torch.ones(2), "b": i}, np.array([i]), "text") for i in range(3)])
    x, y, text = next(iter(data.batch(3)))
    assert (x["a"].shape, x["b"].tolist(), y.tolist()) == ((3, 2), [0, 1, 2], [[0], [1], [2]])
    assert text.tolist() == [b"text"] * 3
    rows = list(data.batch(2).unbatch().map(lambda x, y, text: (x["b"], y)))
    assert [(int(b), y.tolist()) for b, y in rows] == [(0, [0]), (1, [1]), (2, [2])]
    assert [e[0]["b"].tolist() for e in data.batch(2).as_numpy_iterator()] == [[0, 1], [2]]


def test_different_shapes_make_no_batch() -> None:
    with pytest.raises(ValueError, match="A batch takes elements of one shape"):
        list(pipeline([torch.ones(1), torch.ones(2)]).batch(2))


def test_errors_of_a_thread_are_raised_where_the_element_is_wanted() -> None:
    def fail(x: torch.Tensor) -> torch.Tensor:
        if x == 2:
            raise KeyError("two")
        return x

    made = iter(numbers().map(fail).prefetch(1))
    assert [int(next(made)), int(next(made))] == [0, 1]
    with pytest.raises(KeyError, match="two"):
        next(made)


def test_a_pass_that_is_left_ends_its_thread() -> None:
    before = threading.active_count()
    made: Iterator[Any] = iter(numbers(1000).prefetch(1))
    next(made)
    made.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate()[before:]:
        thread.join(5)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.batch(0), "`batch_size` must be a positive integer"),
        (lambda d: d.take(-2), "`count` must be an integer, -1 for all"),
        (lambda d: d.shuffle(0), "`buffer_size` must be a positive integer"),
        (lambda d: d.shard(2, 2), "`index` must be from 0 to 1"),
        (lambda d: d.ignore_errors(), "`ignore_errors` must be called first"),
    ],
)
def test_wrong_arguments(call: Callable[[Pipeline], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(numbers())
