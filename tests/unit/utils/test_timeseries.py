"""`timeseries_dataset_from_array`: Keras's windows, by its documented formula."""

from typing import Any

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras.utils import timeseries_dataset_from_array

SERIES = np.arange(40.0).reshape(20, 2)


def expected(call: dict[str, Any]) -> list[tuple[np.ndarray, Any]]:
    """The windows and targets, one by one."""
    length, rate = call["sequence_length"], call.get("sampling_rate", 1)
    start, end = call.get("start_index") or 0, call.get("end_index") or len(SERIES)
    data, targets = SERIES[start:end], call.get("targets")
    count = end - start - (length - 1) * rate
    if targets is not None:
        count, targets = min(count, len(targets)), targets[start:end]
    return [
        (data[i : i + length * rate : rate], None if targets is None else targets[i])
        for i in range(0, count, call.get("sequence_stride", 1))
    ]


@pytest.mark.parametrize(
    "call",
    [
        {"sequence_length": 3},
        {"sequence_length": 3, "targets": np.arange(20)},
        {"sequence_length": 3, "targets": np.arange(9), "batch_size": 4},
        {"sequence_length": 4, "sampling_rate": 3, "sequence_stride": 2},
        {"sequence_length": 2, "start_index": 4, "end_index": 12, "targets": np.arange(20)},
        {"sequence_length": 5, "batch_size": 1},
        {"sequence_length": 20},
    ],
    ids=str,
)
def test_windows(call: dict[str, Any]) -> None:
    data = timeseries_dataset_from_array(SERIES, **{"targets": None, **call})
    windows = expected(call)
    batches = list(data)
    assert len(batches) == len(data) == -(-len(windows) // call.get("batch_size", 128))
    x = torch.cat([b if call.get("targets") is None else b[0] for b in batches])
    np.testing.assert_array_equal(x, [w for w, _ in windows])
    if call.get("targets") is not None:
        np.testing.assert_array_equal(torch.cat([y for _, y in batches]), [t for _, t in windows])


def test_single_windows() -> None:
    data = timeseries_dataset_from_array(SERIES, np.arange(20), 3, batch_size=None)
    x, y = list(data)[4]
    assert (x.tolist(), int(y)) == (SERIES[4:7].tolist(), 4)


def test_too_long_a_window_leaves_none() -> None:
    assert len(timeseries_dataset_from_array(SERIES, None, 21)) == 0


def test_a_seed_repeats_the_orders() -> None:
    data, again = (
        timeseries_dataset_from_array(SERIES, None, 3, batch_size=4, shuffle=True, seed=2)
        for _ in range(2)
    )
    epochs = [torch.cat(list(data))[:, 0, 0].tolist() for _ in range(2)]
    assert epochs[0] != epochs[1]
    assert sorted(epochs[0]) == sorted(epochs[1]) == [2.0 * i for i in range(18)]
    assert epochs == [torch.cat(list(again))[:, 0, 0].tolist() for _ in range(2)]


def test_numbers_keep_their_kind() -> None:
    (x,) = timeseries_dataset_from_array([1.0, 2.0, 3.0], None, 2)
    assert x.dtype is torch.float32
    (x,) = timeseries_dataset_from_array([1, 2, 3], None, 2)
    assert x.dtype is torch.int32
    (x,) = timeseries_dataset_from_array(np.arange(3, dtype="int64"), None, 2)
    assert x.dtype is torch.int64


def test_fit_takes_it() -> None:
    data = timeseries_dataset_from_array(SERIES, SERIES[5:, 0], 5, batch_size=4, shuffle=True)
    model = torchkeras.Sequential([torchkeras.layers.LSTM(2), torchkeras.layers.Dense(1)])
    model.compile("adam", "mse")
    assert len(model.fit(data, validation_data=data, epochs=2, verbose=0).history["loss"]) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"start_index": -1}, "`start_index` must be 0 or greater"),
        ({"start_index": 20}, "`start_index` must be less than the length"),
        ({"end_index": 20}, "`end_index` must be less than the length"),
        ({"end_index": -3}, "`end_index` must be greater than 0"),
        ({"start_index": 5, "end_index": 5}, "`end_index` must be greater than `start_index`"),
        ({"sampling_rate": 0}, "`sampling_rate` must be a positive integer"),
        ({"sampling_rate": 20}, "`sampling_rate` must be less than"),
        ({"sequence_stride": 0}, "`sequence_stride` must be a positive integer"),
        ({"sequence_stride": 20}, "`sequence_stride` must be less than"),
        ({"sequence_length": 0}, "`sequence_length` must be a positive integer"),
        ({"batch_size": 0}, "`batch_size` must be a positive integer"),
        ({"format": "csv"}, "`format` must be one of"),
        ({"targets": np.arange(9), "start_index": 6}, "one target for the begin of each window"),
    ],
)
def test_wrong_arguments(call: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        timeseries_dataset_from_array(SERIES, **{"targets": None, "sequence_length": 3, **call})
