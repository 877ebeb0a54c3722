"""`validation_split` of torch data sets and loaders."""

from typing import Any

import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
)

import torchkeras
from torchkeras._data.split import split

ROWS = torch.arange(20.0)[:, None]
DATA = TensorDataset(ROWS, ROWS * 2)


def firsts(loader: Any) -> list[float]:
    return [value for x, _ in loader for value in x[:, 0].tolist()]


def test_the_last_samples_of_a_loader_are_for_validation_in_order() -> None:
    loader = DataLoader(DATA, batch_size=8, shuffle=True, drop_last=True)
    (train, y, weight), validation = split((loader, None, None), 0.25)
    assert y is None
    assert weight is None
    assert firsts(validation) == [15, 16, 17, 18, 19]
    first, second = firsts(train), firsts(train)
    assert first != second
    assert len(first) == 8
    assert set(first + second) <= set(range(15))


def test_a_split_loader_keeps_its_settings() -> None:
    collate = torch.utils.data.default_collate
    own = torch.Generator()
    loader = DataLoader(
        DATA, batch_size=3, num_workers=2, collate_fn=collate, generator=own, prefetch_factor=4,
        persistent_workers=True, timeout=7,
    )  # fmt: skip
    (train, _, _), validation = split((loader, None, None), 0.5)
    for part in (train, validation):
        assert (part.batch_size, part.num_workers, part.prefetch_factor) == (3, 2, 4)
        assert (part.generator, part.collate_fn, part.timeout) == (own, collate, 7)
    assert type(train.sampler) is SequentialSampler


def test_a_shuffled_loader_stays_shuffled_by_its_own_generator() -> None:
    own = torch.Generator()
    loader = DataLoader(DATA, shuffle=True, generator=own)
    (train, _, _), validation = split((loader, None, None), 0.5)
    assert type(train.sampler) is RandomSampler
    assert train.sampler.generator is own
    assert type(validation.sampler) is SequentialSampler


def test_a_data_set_is_split() -> None:
    (train, _, _), validation = split((DATA, None, None), 0.25)
    assert (type(train), len(train), len(validation)) == (Subset, 15, 5)
    assert validation[0][0].item() == 15


def test_a_loader_of_a_plain_list_is_split() -> None:
    loader = DataLoader([(row, row) for row in ROWS], batch_size=4)
    _, validation = split((loader, None, None), 0.1)
    assert firsts(validation) == [18, 19]


@pytest.mark.parametrize(
    "options",
    [
        {"sampler": WeightedRandomSampler([1.0] * 20, 20)},
        {"sampler": RandomSampler(DATA, replacement=True)},
        {"sampler": RandomSampler(DATA, num_samples=5)},
        {"batch_sampler": type("Own", (BatchSampler,), {})(SequentialSampler(DATA), 4, False)},
    ],
)
def test_a_sampler_of_its_own_is_not_guessed_at(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot split a `DataLoader` with a sampler of its own"):
        split((DataLoader(DATA, **options), None, None), 0.5)


def test_a_stream_has_no_last_part() -> None:
    class Stream(IterableDataset[Any]):
        def __iter__(self) -> Any:
            return iter(DATA)

    for data in (Stream(), DataLoader(Stream())):
        with pytest.raises(ValueError, match="only supported for arrays, tensors, and torch data"):
            split((data, None, None), 0.5)


def test_too_few_samples() -> None:
    loader = DataLoader(TensorDataset(ROWS[:1]))
    with pytest.raises(ValueError, match="1 samples are not sufficient"):
        split((loader, None, None), 0.5)


@pytest.mark.parametrize("batch_size", [None, 5])
def test_fit_validates_on_the_last_part_as_it_does_for_arrays(batch_size: int | None) -> None:
    def run(x: Any, y: Any = None, **options: Any) -> Any:
        torch.manual_seed(0)
        start = torchkeras.initializers.Constant(0.5)
        model = torchkeras.Sequential([torchkeras.layers.Dense(1, kernel_initializer=start)])
        model.compile(torchkeras.optimizers.SGD(1e-3), "mse")
        options |= {"validation_split": 0.25, "epochs": 2, "verbose": 0}
        return model.fit(x, y, **options).history

    size = batch_size or 32
    expected = run(ROWS, ROWS * 2, batch_size=size, shuffle=False)
    assert run(DataLoader(DATA, batch_size=size)) == expected
    assert run(DATA, batch_size=batch_size, shuffle=False) == expected
