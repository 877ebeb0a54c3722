"""Python lists of numbers."""

from typing import Any

import numpy as np
import pytest
import torch

from torchkeras._data.arrays import Arrays
from torchkeras._data.lists import as_arrays


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        ([1, 2], torch.int64),
        ([1.0, 2], torch.float32),
        ([True, False], torch.bool),
        ([[1.0], [2.0]], torch.float32),
        ((1, 2), torch.int64),
        ([np.int64(1), np.int64(0)], torch.int64),
        ([np.float64(1), np.float64(0)], torch.float32),
    ],
)
def test_lists_of_numbers_are_arrays(given: Any, dtype: torch.dtype) -> None:
    ((x, _, _),) = Arrays(given).batches()
    assert x.dtype is dtype
    assert x.shape[0] == 2


def test_lists_of_arrays_are_inputs() -> None:
    given = [np.ones(2), np.ones(2)]
    assert as_arrays(given)[0] is given[0]


def test_lists_inside_structures() -> None:
    found = as_arrays({"a": [1, 2], "b": (np.ones(2), [3.0, 4.0])})
    assert found["a"].tolist() == [1, 2]
    assert found["b"][1].tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            [[1.0, 2.0], [3.0]],
            r"`x` must hold lists of equal length. Received: lists of 1, 2 items",
        ),
        ({"a": [[1], [2, 3]]}, r"`x\['a'\]` must hold lists of equal length"),
    ],
)
def test_ragged_lists_are_named(given: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Arrays(given)


def test_a_list_of_samples_is_told_from_a_list_of_inputs() -> None:
    with pytest.raises(ValueError, match=r"cardinality is ambiguous.*np\.stack\(x\)"):
        Arrays([np.ones(3)] * 10, np.ones(10))
