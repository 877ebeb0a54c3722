"""Arrays as batches: order, sizes, dtypes, structures, what is refused."""

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from torchkeras._data.arrays import Arrays
from torchkeras._data.feed import Feed
from torchkeras._data.split import split


def batches(*args: Any, **kwargs: Any) -> list[Any]:
    return list(Arrays(*args, **kwargs).batches())


def column(n: int, dtype: str = "float32") -> np.ndarray:
    return np.arange(n, dtype=dtype)[:, None]


def test_the_last_batch_may_be_smaller() -> None:
    assert [len(x) for x, _, _ in batches(column(7), batch_size=3)] == [3, 3, 1]


def test_batches_hold_32_samples_by_default() -> None:
    assert [len(x) for x, _, _ in batches(column(40))] == [32, 8]


def test_steps_decide_the_batch_size_where_none_is_given() -> None:
    assert [len(x) for x, _, _ in batches(column(10), steps=4)] == [3, 3, 3, 1]


def test_order_is_kept_without_shuffling() -> None:
    found = torch.cat([x for x, _, _ in batches(column(10), batch_size=4)])
    assert found[:, 0].tolist() == list(range(10))


def test_x_and_y_are_shuffled_together() -> None:
    found = batches(column(50), column(50) * 2, batch_size=8, shuffle=True)
    xs, ys = (torch.cat([batch[i] for batch in found]) for i in (0, 1))
    assert torch.equal(xs * 2, ys)
    assert xs[:, 0].tolist() != list(range(50))
    assert sorted(xs[:, 0].tolist()) == list(range(50))


def test_shuffling_by_batch_keeps_the_batches() -> None:
    found = batches(column(10), batch_size=4, shuffle="batch")
    assert [sorted(x[:, 0].tolist()) for x, _, _ in found] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_large_arrays_are_read_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchkeras._data.arrays._STRETCH_BYTES", 64)
    found = batches(column(100), batch_size=4, shuffle=True)
    assert [len(x) for x, _, _ in found] == [4] * 25
    assert sorted(torch.cat([x for x, _, _ in found])[:, 0].tolist()) == list(range(100))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("float64", torch.float32),
        ("float16", torch.float32),
        ("float32", torch.float32),
        ("int64", torch.int64),
        ("int32", torch.int32),
        ("uint8", torch.uint8),
        ("bool", torch.bool),
        ("uint16", torch.int32),
        ("uint32", torch.int64),
        (">f4", torch.float32),
        (">i4", torch.int32),
    ],
)
@pytest.mark.parametrize("shuffle", [False, True])
def test_floats_become_floatx_and_integers_stay(
    given: str, expected: torch.dtype, shuffle: bool
) -> None:
    array = np.array([0, 1, 1, 0]).astype(given)
    ((x, _, _),) = batches(array, shuffle=shuffle)
    assert x.dtype is expected
    assert sorted(x.tolist()) == [0, 0, 1, 1]


def test_all_batches_but_the_first_share_the_memory_of_the_array() -> None:
    array = column(8)
    first, *others = (x for x, _, _ in batches(array, batch_size=2))
    assert [x.data_ptr() for x in others] == [array[i:].ctypes.data for i in (2, 4, 6)]
    assert first.data_ptr() != array.ctypes.data


def test_whoever_writes_into_a_batch_gets_copies() -> None:
    array = column(8)
    for x, _, _ in Arrays(array, batch_size=2).batches():
        x.zero_()
    np.testing.assert_array_equal(array, column(8))


@pytest.mark.parametrize("shuffle", [False, True])
def test_arrays_that_torch_cannot_take_as_they_are(shuffle: bool) -> None:
    read_only = column(6)
    read_only.flags.writeable = False
    for array in (
        read_only,
        column(6)[::-1],
        np.broadcast_to(np.float32(3), (6, 1)),
        column(12)[::2],
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = torch.cat([x for x, _, _ in batches(array, batch_size=4, shuffle=shuffle)])
        assert sorted(found[:, 0].tolist()) == sorted(array[:, 0].tolist())


def test_a_read_only_memmap_is_read_in_parts(tmp_path: Any) -> None:
    np.save(tmp_path / "x.npy", column(20))
    file = np.load(tmp_path / "x.npy", mmap_mode="r")
    found = torch.cat([x for x, _, _ in batches(file, batch_size=6, shuffle=True)])
    assert sorted(found[:, 0].tolist()) == list(range(20))


def test_an_h5_data_set_is_read_in_parts(tmp_path: Any) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        stored = file.create_dataset("x", data=column(20))
        found = torch.cat([x for x, _, _ in batches(stored, batch_size=6, shuffle=True)])
    assert sorted(found[:, 0].tolist()) == list(range(20))


def test_sparse_matrices_come_dense() -> None:
    ((x, _, _),) = batches(scipy.sparse.csr_matrix(np.eye(3)), batch_size=3)
    assert torch.equal(x, torch.eye(3))


def test_tensors_are_taken_without_their_graph() -> None:
    tensor = torch.ones(3, 2, requires_grad=True) * 2
    ((x, _, _),) = batches(tensor)
    assert not x.requires_grad


def test_pandas_tables_and_series() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    ((x, y, _),) = batches(table, pd.Series([0, 1]))
    assert x.tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert y.tolist() == [0, 1]
    assert y.dtype is torch.int64


def test_a_table_with_text_names_the_columns() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0], "name": ["x", "y"]})
    with pytest.raises(ValueError, match=r"columns \['name'\] hold text"):
        Arrays(table)


def test_lists_of_numbers_are_arrays() -> None:
    ((x, y, _),) = batches([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert y.tolist() == [0, 1]


def test_structures_are_kept() -> None:
    x = {"b": column(4), "a": [column(4) + 1, column(4) + 2]}
    ((first, y, weight),) = batches(x, (column(4), column(4)), batch_size=4)
    assert list(first) == ["b", "a"]
    assert first["a"][1][0].item() == 2
    assert isinstance(y, tuple)
    assert weight is None


def test_packed_batches_are_what_keras_hands_to_a_step() -> None:
    array = column(2)
    assert isinstance(next(Arrays(array).batches(packed=True)), torch.Tensor)
    assert len(next(Arrays([array, array]).batches(packed=True))) == 1
    assert len(next(Arrays(array, array).batches(packed=True))) == 2
    assert len(next(Arrays(array, array, array[:, 0]).batches(packed=True))) == 3


def test_one_sample_weight_serves_every_output() -> None:
    ((_, _, weight),) = batches(column(3), [column(3), column(3)], np.ones(3))
    assert [w.shape for w in weight] == [(3,), (3,)]


def test_different_lengths_name_the_arguments() -> None:
    with pytest.raises(ValueError, match=r"`x` has 4, `y` has 3") as error:
        Arrays(column(4), column(3))
    assert "cardinality" in str(error.value)


def test_different_lengths_inside_a_structure_name_the_place() -> None:
    with pytest.raises(ValueError, match=re.escape("`x['a']` has 4, `x['b'][1]` has 2")):
        Arrays({"a": column(4), "b": [None, column(2)]})


def test_a_number_is_no_array() -> None:
    with pytest.raises(ValueError, match="at least one axis"):
        Arrays(np.float32(3))


def test_no_samples() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        Arrays(np.zeros((0, 3)))


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "32", True])
def test_batch_size_must_be_a_positive_integer(batch_size: Any) -> None:
    with pytest.raises(ValueError, match="`batch_size` must be a positive integer"):
        Arrays(column(3), batch_size=batch_size)


def test_text_is_refused() -> None:
    with pytest.raises(ValueError, match="`y` must hold numbers"):
        Arrays(column(2), np.array(["a", "b"]))


def test_split_takes_the_last_rows_for_validation() -> None:
    train, validation = split((column(10), column(10), None), 0.25)
    ((x, _, _),) = Arrays(*train).batches()
    ((val, _, _),) = Arrays(*validation).batches()
    assert x[:, 0].tolist() == list(range(7))
    assert val[:, 0].tolist() == [7, 8, 9]


def test_split_with_nothing_left() -> None:
    with pytest.raises(ValueError, match="leaves no samples"):
        split((column(2), None, None), 0.9)


def test_split_of_a_generator() -> None:
    with pytest.raises(ValueError, match="only supported for arrays"):
        split(((i for i in range(3)), None, None), 0.5)


def test_steps_go_on_where_the_last_epoch_stopped() -> None:
    feed = Feed(Arrays(column(6), batch_size=2), steps=2)
    with pytest.warns(UserWarning, match="ran out of data after 1 of 2"):
        epochs = [[x[0].item() for x, _, _ in feed.epoch()] for _ in range(3)]
    assert epochs == [[0, 2], [4], [0, 2]]


def test_masked_values_are_not_taken_for_numbers() -> None:
    masked = np.ma.masked_array([1.0, 2.0], mask=[False, True])
    with pytest.raises(ValueError, match=r"1 masked values. Fill them: `x.filled\(0\)`"):
        Arrays(masked)
    ((x, _, _),) = batches(np.ma.masked_array([1.0, 2.0]))
    assert x.tolist() == [1.0, 2.0]
