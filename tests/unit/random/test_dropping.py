"""Dropout draws the right part, from torch's generator, however it draws."""

import math

import pytest
import torch

from torchkeras import layers
from torchkeras.random import dropping
from torchkeras.random.dropping import drop

LARGE = (300, 1001)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_kept_entries_are_divided_by_the_part_that_is_kept(rate, dtype):
    x = torch.randn(LARGE).to(dtype)
    y = drop(x, rate)
    kept = y != 0
    assert y.dtype == dtype
    torch.testing.assert_close(y[kept], (x / (1 - rate))[kept])


@pytest.mark.parametrize("rate", [1e-6, 0.001, 0.1, 1 / 3, 0.5, 0.9, 0.999])
def test_the_dropped_part_is_the_rate(rate):
    torch.manual_seed(1)
    count = 4_000_000
    dropped = (drop(torch.ones(count), rate) == 0).sum().item()
    assert abs(dropped - rate * count) < 5 * math.sqrt(rate * (1 - rate) * count)


@pytest.mark.parametrize("rate", [1e-9, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.7, 0.99, 0.9999])
def test_the_limit_tells_the_rate_to_a_thousandth(rate):
    lane, limit = dropping._limit(1 - rate)
    bits = 64 // dropping._LANES[lane]
    drawn = 1 - (limit + 2 ** (bits - 1)) / 2**bits
    assert drawn == pytest.approx(rate, rel=1e-3, abs=2**-32)
    assert 1 - drawn == pytest.approx(1 - rate, rel=1e-3)
    assert torch.iinfo(lane).min <= limit <= torch.iinfo(lane).max


@pytest.mark.parametrize("shape", [(10, 10), LARGE])
def test_choices_follow_torch_s_seed(shape):
    x = torch.ones(shape)
    torch.manual_seed(1)
    first, second = drop(x, 0.5), drop(x, 0.5)
    torch.manual_seed(1)
    assert torch.equal(drop(x, 0.5), first)
    assert not torch.equal(first, second)


def test_neighbours_are_chosen_alone():
    torch.manual_seed(1)
    kept = (drop(torch.ones(1_000_000), 0.5) != 0).float() - 0.5
    for distance in (1, 2, 3, 4, 65536):
        together = (kept[:-distance] * kept[distance:]).mean().item()
        assert abs(together) < 0.0015, distance


@pytest.mark.parametrize(
    "x", [torch.randn(20, 20), torch.randn(200, 100).t()], ids=["few", "turned"]
)
def test_what_is_not_drawn_here_has_torch_s_choices(x):
    torch.manual_seed(1)
    expected = torch.dropout(x, 0.5, True)
    torch.manual_seed(1)
    assert torch.equal(drop(x, 0.5), expected)


def test_many_choices_are_drawn_in_another_way_than_torch_s():
    x = torch.ones(LARGE)
    torch.manual_seed(1)
    expected = torch.dropout(x, 0.5, True)
    torch.manual_seed(1)
    assert not torch.equal(drop(x, 0.5), expected)


def test_gradients_pass_where_entries_are_kept():
    x = torch.ones(100, 100, requires_grad=True)
    y = drop(x, 0.3)
    y.sum().backward()
    assert torch.equal(x.grad, y)


def test_compiled_graphs_have_torch_s_operation():
    layer = layers.Dropout(0.5).train()
    graph = torch.export.export(layer, (torch.ones(100, 100),)).graph
    assert any("dropout" in str(node.target) for node in graph.nodes)


@pytest.mark.parametrize("randomness", ["same", "different"])
def test_vmap(randomness):
    run = torch.vmap(lambda x: drop(x, 0.5), randomness=randomness)
    first, second = run(torch.ones(2, 100, 100))
    assert torch.equal(first, second) is (randomness == "same")
