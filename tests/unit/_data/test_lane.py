"""Batches travel beside the work of the device, each waited for once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from torchkeras._data import lane, residence
from torchkeras._data.adapt import source_of
from torchkeras._data.arrays import Arrays
from torchkeras._data.py_dataset import PyDataset
from torchkeras._data.transfer import mover

META = torch.device("meta")  # a GPU without numbers
X, Y = np.arange(24.0, dtype="float32").reshape(12, 2), np.arange(12)


class Noting:
    """Notes what is sent and what has arrived."""

    notes: list[Any]

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def send(self, tensor: torch.Tensor) -> torch.Tensor:
        self.notes.append(tuple(tensor.shape))
        return tensor.to(self._device)

    def arrive(self) -> None:
        self.notes.append("arrived")


@pytest.fixture
def notes(monkeypatch: Any) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(Noting, "notes", found, raising=False)
    monkeypatch.setitem(lane.LANES, "meta", Noting)
    monkeypatch.setattr(residence, "free_bytes", lambda device: 0)
    return found


class Batches(PyDataset):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        rows = slice(4 * index, 4 * index + 4)
        return X[rows], Y[rows]


def generator() -> Iterator[Any]:
    yield from Batches()


SOURCES = {
    "a PyDataset": Batches,
    "a PyDataset on threads": lambda: Batches(workers=2),
    "a generator": generator,
    "a loader": lambda: DataLoader(
        TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=4
    ),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_batch_is_sent_when_it_is_wanted_and_arrives_as_a_whole(
    name: str, notes: list[Any]
) -> None:
    for batch in source_of(SOURCES[name]()).batches(META):
        assert notes == [(4, 2), (4,), "arrived"]
        assert batch[0].device == batch[1].device == META
        notes.clear()


def test_large_arrays_are_sent_in_stretches(notes: list[Any]) -> None:
    assert len(list(Arrays(X, Y, batch_size=4).batches(META))) == 3
    assert notes.count("arrived") == (len(notes) - notes.count("arrived")) / 2


def test_what_is_there_is_not_sent(notes: list[Any]) -> None:
    there = torch.empty(4, 2, device=META)
    x, _ = mover(META)((there, torch.empty(4)))
    assert x is there
    assert notes == [(4,), "arrived"]


def test_other_devices_need_no_lane_of_their_own() -> None:
    assert type(lane.lane_to(torch.device("cpu"))) is lane.PlainLane


@pytest.mark.gpu
def test_a_gpu_gets_what_was_sent(gpu: torch.device) -> None:
    """Not run yet on CUDA: written without a GPU at hand."""
    there = torch.device(gpu.type, 0)
    way = lane.lane_to(there)
    for rows in (X, X[::2], X.T):
        sent = way.send(torch.from_numpy(rows))
        way.arrive()
        np.testing.assert_array_equal(sent.cpu().numpy(), rows)


@pytest.mark.gpu
def test_a_buffer_may_be_written_into_after_it_was_sent(gpu: torch.device) -> None:
    """Not run yet on CUDA: written without a GPU at hand."""
    buffer, way = torch.zeros(1 << 20), lane.lane_to(torch.device(gpu.type, 0))
    sent = []
    for value in range(8):
        buffer.fill_(value)
        sent.append(way.send(buffer))
        way.arrive()
    assert [int(tensor.min()) for tensor in sent] == list(range(8))
