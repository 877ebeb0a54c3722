"""Tables and series of pandas."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from torchkeras._data.arrays import Arrays


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (pd.Series([1, 2]), torch.int64),
        (pd.Series([1, 2], dtype="Int64"), torch.int64),
        (pd.Series([1, 2], dtype="uint8"), torch.uint8),
        (pd.Series([True, False], dtype="boolean"), torch.bool),
        (pd.Series([1.0, None], dtype="Float64"), torch.float32),
        (pd.Series([1, 2], dtype="category"), torch.int64),
        (pd.Series([1, 2], dtype=object), torch.float32),
        (pd.DataFrame({"a": pd.Series([1, 2], dtype="Int32"), "b": [0.5, 1.5]}), torch.float32),
        (pd.DataFrame({"a": [True, False], "b": [0.5, 1.5]}), torch.float32),
    ],
)
def test_numbers_keep_their_kind(given: Any, dtype: torch.dtype) -> None:
    ((x, _, _),) = Arrays(given).batches()
    assert x.dtype is dtype
    expected = given.to_numpy(dtype="float32", na_value=np.nan)
    np.testing.assert_array_equal(x.numpy().astype("float32"), expected)


def test_rows_are_shuffled_with_their_labels_whatever_the_index() -> None:
    index = [5, 3, 9, 7]
    table = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]}, index=index)
    ((x, y, _),) = Arrays(table, pd.Series([0, 1, 2, 3], index=index), shuffle=True).batches()
    assert x[:, 0].tolist() == y.tolist()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (pd.DataFrame({"a": [1.0], "name": ["x"]}), r"columns \['name'\] hold text"),
        (pd.Series(pd.to_datetime(["2020"])), "`x` must hold numbers"),
    ],
)
def test_text_is_refused_with_the_names_of_its_columns(given: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Arrays(given)


@pytest.mark.parametrize("dtype", ["str", "category"])
def test_targets_of_text_are_refused(dtype: str) -> None:
    with pytest.raises(ValueError, match=r"`y` must hold numbers.*columns \['kind'\] hold text"):
        Arrays(np.ones((1, 2)), pd.Series(["x"], dtype=dtype, name="kind"))
