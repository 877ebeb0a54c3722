"""The contenders of the benchmarks do the same work."""

import sys
from dataclasses import replace

import pytest
import torch

import torchkeras
from tests.speed import bench_cuda
from tests.speed.contender import by_hand, with_package
from tests.speed.nets import LARGE, NETS

# torch's recurrent modules have two biases; Keras's LSTM has one, and so its net has fewer weights.
UNTRAINED = {"LSTM": 4 * 64}


@pytest.mark.parametrize("name", NETS)
def test_nets_have_the_same_weights(name: str) -> None:
    in_torch = sum(p.numel() for p in NETS[name].torch().parameters() if p.requires_grad)
    model = NETS[name].keras(torchkeras)
    in_keras = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert in_torch - in_keras == UNTRAINED.get(name, 0)


@pytest.mark.parametrize("name", LARGE)
def test_large_nets_have_the_same_weights(name: str) -> None:
    with torch.device("meta"), torchkeras.device("meta"):
        modules = LARGE[name].torch(), LARGE[name].keras(torchkeras)
    in_torch, in_keras = ([p.shape for p in module.parameters()] for module in modules)
    assert sorted(in_torch) == sorted(in_keras)


def test_nothing_is_timed_without_cuda(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["bench_cuda"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    bench_cuda.main()
    assert "no CUDA device" in capsys.readouterr().out


@pytest.mark.parametrize("name", NETS)
def test_contenders_run(name: str) -> None:
    net = replace(NETS[name], batch=2, steps=2)
    hand, ours = by_hand(net), with_package(torchkeras, net)
    hand["fit"](), ours["fit"]()
    assert hand["predict"]().shape == ours["predict"]().shape
    assert torch.is_grad_enabled()
