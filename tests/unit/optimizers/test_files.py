"""Optimizers in Keras's weight files: what Keras writes goes on here, and the other way round."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

import torchkeras

# Keras's own variables warn when NumPy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
Make = Callable[[Any], Any]


def by_path(space: Any) -> Any:
    optimizers = space.optimizers
    chosen = optimizers.OptimizerMap(optimizers.SGD(momentum=0.9, name="sgd"))
    chosen["(.*/)?kernel"] = optimizers.Adam(name="adam")
    return optimizers.MultiOptimizer(chosen)


ROWS: dict[str, Make] = {
    "Adafactor": lambda space: space.optimizers.Adafactor(),
    "Muon": lambda space: space.optimizers.Muon(),
    "Nadam": lambda space: space.optimizers.Nadam(),
    "ScheduleFreeAdamW": lambda space: space.optimizers.ScheduleFreeAdamW(),
    "LossScaleOptimizer": lambda space: space.optimizers.LossScaleOptimizer(
        space.optimizers.Adam(name="adam")
    ),
    "MultiOptimizer": by_path,
    "both": lambda space: space.optimizers.LossScaleOptimizer(by_path(space)),
}
X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def compiled(space: Any, make: Make) -> Any:
    layers = space.layers
    model = space.Sequential([space.Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.compile(make(space), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def numbers(path: Path) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update({name: item.shape} if hasattr(item, "shape") else {})
        )
    return {name: shape for name, shape in found.items() if name.startswith("optimizer")}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize(
    ("here", "there"), [(torchkeras, keras), (keras, torchkeras)], ids=["written", "read"]
)
def test_files_are_exchanged(row: str, here: Any, there: Any, tmp_path: Path) -> None:
    first, second = compiled(here, ROWS[row]), compiled(there, ROWS[row])
    first.fit(X, X[:, :1], batch_size=4, verbose=0)
    path, other = tmp_path / "first.weights.h5", tmp_path / "second.weights.h5"
    first.save_weights(path)
    second.load_weights(path)
    second.save_weights(other)
    assert numbers(path) == numbers(other)
    assert len(numbers(path)) >= len(first.optimizer.variables)
    for ours, theirs in zip(first.optimizer.variables, second.optimizer.variables, strict=True):
        np.testing.assert_allclose(host(ours), host(theirs), rtol=1e-6)


def host(variable: Any) -> Any:
    return variable.value.detach().numpy()
