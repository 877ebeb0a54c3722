"""Dropout draws torch's own numbers, however it draws them."""

import pytest
import torch

from torchkeras import layers
from torchkeras.random import dropping
from torchkeras.random.dropping import drop


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("shape", [(10, 10), (64, 64), (3, 70001)])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_numbers_are_those_of_torch(rate, shape, dtype):
    x = torch.randn(shape).to(dtype)
    torch.manual_seed(1)
    expected, following = torch.dropout(x, rate, True), torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(drop(x, rate), expected)
    assert torch.equal(torch.rand(3), following)


def test_transposed_tensors():
    x = torch.randn(200, 100).t()
    torch.manual_seed(1)
    expected = torch.dropout(x, 0.5, True)
    torch.manual_seed(1)
    assert torch.equal(drop(x, 0.5), expected)


def test_gradients_are_those_of_torch():
    found = []
    for function in (drop, lambda x, rate: torch.dropout(x, rate, True)):
        x = torch.ones(100, 100, requires_grad=True)
        torch.manual_seed(1)
        function(x, 0.3).square().sum().backward()
        found.append(x.grad)
    assert torch.equal(*found)


def test_large_tensors_are_drawn_here():
    if not dropping._draws_alike():
        pytest.skip("this build of torch draws Bernoulli numbers in another way")
    assert dropping._knows(torch.ones(2, 2))
    assert not dropping._knows(torch.ones(2, 3).t())


def test_compiled_graphs_have_torch_s_operation():
    layer = layers.Dropout(0.5).train()
    graph = torch.export.export(layer, (torch.ones(100, 100),)).graph
    assert any("dropout" in str(node.target) for node in graph.nodes)


@pytest.mark.parametrize("randomness", ["same", "different"])
def test_vmap(randomness):
    run = torch.vmap(lambda x: drop(x, 0.5), randomness=randomness)
    first, second = run(torch.ones(2, 100, 100))
    assert torch.equal(first, second) is (randomness == "same")
