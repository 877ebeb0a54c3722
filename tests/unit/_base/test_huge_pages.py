"""Memory that a file is about to fill comes in huge pages, where Linux has them."""

import pytest
import torch

from torchkeras._base import huge_pages


@pytest.fixture
def advised(monkeypatch):
    calls = []
    monkeypatch.setattr(huge_pages, "_madvise", lambda: lambda *args: calls.append(args))
    monkeypatch.setattr(huge_pages, "_HUGEPAGE", 14)
    monkeypatch.setattr(huge_pages.sys, "platform", "linux")
    return calls


def test_large_memory_is_asked_for_in_whole_pages(advised):
    tensor = torch.empty(1 << 20, dtype=torch.int64)
    huge_pages.advise(tensor.view(1 << 10, -1).t())
    ((start, size, advice),) = advised
    page = huge_pages.mmap.PAGESIZE
    assert advice == 14
    assert start % page == 0
    assert 0 <= start - tensor.data_ptr() < page
    assert start + size == tensor.data_ptr() + tensor.nbytes


def test_small_memory_and_other_devices_are_left_alone(advised):
    huge_pages.advise(torch.empty(10))
    huge_pages.advise(torch.empty(1 << 24, device="meta"))
    assert not advised


def test_values_stay_as_they_are():
    tensor = torch.arange(1 << 21)
    huge_pages.advise(tensor)
    assert torch.equal(tensor, torch.arange(1 << 21))
