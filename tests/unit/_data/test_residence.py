"""Arrays go to an accelerator once if they fit there; the batches are the same."""

import numpy as np
import pytest
import torch

from torchkeras._data import residence
from torchkeras._data.arrays import Arrays

META = torch.device("meta")  # an accelerator without numbers
X = np.arange(40.0, dtype="float64").reshape(20, 2)
Y = np.arange(20)


@pytest.fixture
def room(monkeypatch):
    """Say how many bytes are free on each device but a CPU."""

    def set_free(count):
        monkeypatch.setattr(residence, "free_bytes", lambda d: 0 if d.type == "cpu" else count)

    return set_free


def moves(monkeypatch, source, passes=3):
    """How often a tensor is moved to the accelerator, and how many rows that has taken."""
    moved = []
    original = torch.Tensor.to

    def to(self, *args, **kwargs):
        if META in args and self.device != META:
            moved.append(len(self))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(torch.Tensor, "to", to)
    for _ in range(passes):
        for batch in source.batches(META):
            assert {part.device for part in batch if part is not None} == {META}
    return moved


def test_arrays_that_fit_are_moved_once(room, monkeypatch):
    room(10_000)
    assert moves(monkeypatch, Arrays(X, Y, batch_size=8)) == [20, 20]


def test_an_order_is_moved_once_in_each_pass(room, monkeypatch):
    room(10_000)
    source = Arrays(X, Y, batch_size=8, shuffle=True)
    assert moves(monkeypatch, source) == [20, 20, 20, 20, 20]


def test_arrays_that_do_not_fit_are_moved_in_parts(room, monkeypatch):
    room(1000)  # 480 bytes of data may take a quarter of it
    assert len(moves(monkeypatch, Arrays(X, Y, batch_size=8), passes=1)) > 2


def test_what_is_read_in_parts_stays_where_it_is(room, monkeypatch):
    room(10_000)
    backwards = X[::-1]  # torch has no negative strides
    assert len(moves(monkeypatch, Arrays(backwards, Y, batch_size=8), passes=1)) > 2


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_batches_are_those_of_a_cpu(shuffle, monkeypatch):
    found = []
    for free in (0, 10_000):
        monkeypatch.setattr(residence, "free_bytes", lambda device, free=free: free)
        torch.manual_seed(1)
        source = Arrays(X, Y, batch_size=8, shuffle=shuffle)
        passes = [list(source.batches(torch.device("cpu"))) for _ in range(2)]
        found.append([part for batches in passes for batch in batches for part in batch[:2]])
    for stayed, settled in zip(*found, strict=True):
        assert stayed.dtype == settled.dtype
        assert torch.equal(stayed, settled)


def test_a_cpu_needs_no_second_copy():
    source = Arrays(X.astype("float32"), Y, batch_size=8)
    list(source.batches(torch.device("cpu")))
    assert source._columns_for(torch.device("cpu")) is source._columns


@pytest.mark.gpu
def test_free_memory_of_an_accelerator_is_known():
    place = torch.device("cuda" if torch.cuda.is_available() else "mps")
    assert residence.free_bytes(place) > 0
