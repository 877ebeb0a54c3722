"""The same model, data and run in torchkeras and in Keras."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch

import torchkeras

PACKAGES = (torchkeras, keras)
RNG = np.random.default_rng(7)
X = RNG.normal(size=(70, 6)).astype("float32")
LABELS = RNG.integers(0, 3, 70)
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
TARGETS = RNG.normal(size=(70, 1)).astype("float32")
WEIGHTS = RNG.random(70).astype("float32")


def twins(build: Callable[[Any], Any], **compiled: Any) -> tuple[Any, Any]:
    """Build a model in both packages, with the same weights and the same `compile`."""
    ours, theirs = (build(package) for package in PACKAGES)
    ours.set_weights(theirs.get_weights())
    for model in (ours, theirs):
        model.compile(**compiled)
    return ours, theirs


def histories(models: tuple[Any, Any], *args: Any, **kwargs: Any) -> list[dict[str, list[float]]]:
    """Fit both with the same seed and return what happened."""
    found = []
    for model, package in zip(models, PACKAGES, strict=True):
        torch.manual_seed(3)
        own = {**kwargs, "callbacks": [make(package) for make in kwargs.get("callbacks", ())]}
        found.append(model.fit(*args, verbose=0, **own).history)
    return found


def assert_same_run(models: tuple[Any, Any], *args: Any, **kwargs: Any) -> None:
    """Fit both, and expect the same names in the same order and the same numbers."""
    ours, theirs = histories(models, *args, **kwargs)
    assert list(ours) == list(theirs)
    for name, expected in theirs.items():
        np.testing.assert_allclose(ours[name], expected, rtol=1e-5, atol=1e-7, err_msg=name)


def mlp(units: int, activation: str | None = None, **options: Any) -> Callable[[Any], Any]:
    """Return what builds a small MLP in a package."""

    def build(package: Any) -> Any:
        dense = package.layers.Dense
        return package.Sequential(
            [
                package.Input((6,)),
                dense(8, activation="relu", **options),
                dense(units, activation=activation),
            ]
        )

    return build
