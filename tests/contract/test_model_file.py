"""Whole models with each layer in them travel as `.keras` files, both ways."""

import pytest
import torch

import torchkeras
from tests import oracle


def test_travels_both_ways(row, tmp_path):
    args, kwargs = oracle.tensors(row, torchkeras)
    if len(args) != 1 or kwargs or type(args[0]) is not torch.Tensor:
        pytest.skip("the model here has one plain input")
    x = args[0]
    if len(oracle.leaves(oracle.built(row, torchkeras)(x))) != 1:
        pytest.skip("the model here has one output")
    models = {}
    for package in oracle.PACKAGES:
        layer = oracle.make(row, package)
        entry = package.Input(batch_shape=tuple(x.shape), dtype=str(x.dtype).removeprefix("torch."))
        models[package] = package.Model(entry, layer(entry))
    for package, other in (oracle.PACKAGES, oracle.PACKAGES[::-1]):
        models[package].save(tmp_path / "m.keras")
        loaded = other.saving.load_model(tmp_path / "m.keras")
        expected, found = (oracle.leaves(model(x)) for model in (models[package], loaded))
        for one, two in zip(found, expected, strict=True):
            oracle.assert_close(one, two, max(row.tolerance, 1e-6))
