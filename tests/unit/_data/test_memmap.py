"""Arrays on disk are read in parts, and never copied whole."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import Input, Sequential, layers
from torchkeras._data.arrays import Arrays

GIB = 1 << 30
WIDTH = 1 << 16


def sparse_file(path: Path, dtype: str, mode: str) -> Any:
    """Return an array of 1 GiB that takes no room on the disk."""
    shape = (GIB // WIDTH // np.dtype(dtype).itemsize, WIDTH)
    array = np.memmap(path, dtype, "w+", shape=shape)
    return array if mode == "r+" else np.memmap(path, dtype, mode, shape=shape)


def own_memory_kib() -> int:
    """Return what the process has for itself; pages of files are the system's."""
    with open("/proc/self/status", encoding="utf-8") as file:
        (line,) = (line for line in file if line.startswith("RssAnon"))
    return int(line.split()[1])


class Peak(torchkeras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.first = self.highest = own_memory_kib()

    def _look(self, batch: int, logs: Any = None) -> None:
        self.highest = max(self.highest, own_memory_kib())

    on_train_batch_end = on_test_batch_end = on_predict_batch_end = _look


@pytest.mark.skipif("not __import__('pathlib').Path('/proc/self/status').exists()")
@pytest.mark.parametrize("mode", ["r", "r+"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_a_gibibyte_is_fitted_in_little_memory(tmp_path: Path, dtype: str, mode: str) -> None:
    x = sparse_file(tmp_path / "x", dtype, mode)
    y = np.zeros((len(x), 1), "float32")
    features = [layers.Reshape((256, 256)), layers.GlobalAveragePooling1D()]
    model = Sequential([Input((WIDTH,)), *features, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(x[:16], y[:16])
    peak = Peak()
    options: dict[str, Any] = {"batch_size": 16, "verbose": 0, "callbacks": [peak]}
    for shuffle in (True, False, "batch"):
        model.fit(
            x, y, shuffle=shuffle, steps_per_epoch=4, validation_steps=2,
            validation_data=(x, y), **options,
        )  # fmt: skip
    model.fit(x, y, validation_split=0.01, steps_per_epoch=2, validation_steps=2, **options)
    model.predict(x, steps=4, **options)
    model.evaluate(x, y, steps=4, **options)
    assert peak.highest - peak.first < 100 * 1024


def test_a_file_that_can_be_written_is_read_in_place(tmp_path: Path) -> None:
    x = sparse_file(tmp_path / "x", "float32", "r+")
    _, second, *_ = (batch for batch, _ in zip(Arrays(x).batches(), range(3), strict=False))
    assert second[0].data_ptr() == x[32:].ctypes.data


def test_shuffled_rows_of_a_read_only_file_are_the_right_ones(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(50, dtype="int16"))
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    batches = list(Arrays(x, np.arange(50), shuffle=True, batch_size=7).batches())
    assert all(torch.equal(rows.long(), labels) for rows, labels, _ in batches)
    assert all(rows.dtype is torch.int16 for rows, _, _ in batches)
