"""Whole models with each layer in them travel as `.keras` files, both ways."""

from typing import Any

import pytest
import torch

from tests import oracle


def model_of(row: Any, package: Any) -> Any:
    """Return a functional model that calls a row's layer as the row does, but without masks."""
    layer, entries = oracle.make(row, package), []

    def entry(x: Any) -> Any:
        entries.append(package.Input(batch_shape=x.shape, dtype=str(x.dtype)))
        return entries[-1]

    args, kwargs = oracle.map_arrays(entry, list(oracle.arguments(row)))
    return package.Model(entries, layer(*args, **kwargs))


def draws(row: Any, model: Any) -> bool:
    """Say whether a model draws numbers: files keep no state of that, as Keras's do not."""
    seeded = any("seed" in v.name for layer in model.layers for v in layer.variables)
    return seeded and bool(row.kwargs.get("training"))


def outputs_of(model: Any, row: Any) -> list[Any]:
    inputs = [torch.tensor(x) for x in oracle.arrays(list(oracle.arguments(row)))]
    return oracle.leaves(model(inputs))


def test_travels_both_ways(row, tmp_path):
    if "symbolic" in row.skip:
        pytest.skip(row.skip["symbolic"])
    models = {package: model_of(row, package) for package in oracle.PACKAGES}
    for package, other in (oracle.PACKAGES, oracle.PACKAGES[::-1]):
        models[package].save(tmp_path / "m.keras")
        loaded = other.saving.load_model(tmp_path / "m.keras")
        pairs = zip(outputs_of(loaded, row), outputs_of(models[package], row), strict=True)
        for one, two in pairs:
            if draws(row, models[package]):
                assert (one.shape, one.dtype) == (two.shape, two.dtype)
            else:
                oracle.assert_close(one, two, max(row.tolerance, 1e-6))
