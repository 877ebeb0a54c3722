"""The same model, data and run in torchkeras and in Keras."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch

import torchkeras
from tests import oracle
from torchkeras import tree

PACKAGES = (torchkeras, keras)
RNG = np.random.default_rng(7)
X = RNG.normal(size=(70, 6)).astype("float32")
LABELS = RNG.integers(0, 3, 70)
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
TARGETS = RNG.normal(size=(70, 1)).astype("float32")
WEIGHTS = RNG.random(70).astype("float32")


def twins(
    build: Callable[[Any], Any], how: Callable[[Any], dict[str, Any]] | None = None, **compiled: Any
) -> tuple[Any, Any]:
    """Build a model in both packages, with the same weights and the same `compile`.

    Args:
        build: Makes the model of a package.
        how: Makes the arguments of `compile` in a package, where they are objects of it.
        **compiled: Those arguments, where they are not.
    """
    oracle.reset()
    ours, theirs = (build(package) for package in PACKAGES)
    ours.set_weights(theirs.get_weights())
    for model, package in zip((ours, theirs), PACKAGES, strict=True):
        model.compile(**(how(package) if how else compiled))
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


def assert_same_state(models: tuple[Any, Any], *data: Any) -> None:
    """Expect the same weights, and the same answers of `evaluate` and `predict`."""
    ours, theirs = models
    for mine, expected in zip(ours.weights, theirs.weights, strict=True):
        assert_near(mine.numpy(), oracle.numpy(expected), mine.path)
    found, expected = (model.evaluate(*data, batch_size=16, verbose=0) for model in models)
    assert_near(found, expected, "evaluate")
    found, expected = (
        model.evaluate(*data, batch_size=16, verbose=0, return_dict=True) for model in models
    )
    assert list(found) == list(expected)
    assert_near([*found.values()], [*expected.values()], "evaluate")
    assert ours.metrics_names == theirs.metrics_names
    found, expected = (model.predict(data[0], batch_size=16, verbose=0) for model in models)
    assert oracle.skeleton(found) == oracle.skeleton(expected)
    for mine, other in zip(tree.flatten(found), tree.flatten(expected), strict=True):
        assert_near(mine, other, "predict")


def assert_same_batches(models: tuple[Any, Any], x: Any, y: Any, weights: Any) -> None:
    """Expect the same answers to single batches, given as tensors."""
    x, y, weights = (torch.from_numpy(part) for part in (x, y, weights))
    weighted = {"sample_weight": weights}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("train_on_batch", {}),
        ("train_on_batch", {"return_dict": True, **weighted}),
        ("test_on_batch", {"return_dict": True}),
        ("test_on_batch", weighted),
    ]
    for method, options in calls:
        found, expected = (getattr(model, method)(x, y, **options) for model in models)
        assert_same_values(found, expected, method)
        assert_same_values(*(model.get_metrics_result() for model in models), "results")
    for model in models:
        model.reset_metrics()
    assert_same_values(*(model.get_metrics_result() for model in models), "reset results")
    assert_same_values(*(model.predict_on_batch(x) for model in models), "predict_on_batch")


def assert_same_values(found: Any, expected: Any, what: str) -> None:
    """Compare two structures: nesting, order and numbers."""
    assert oracle.skeleton(found) == oracle.skeleton(expected), what
    if isinstance(expected, dict):
        assert list(found) == list(expected), what
    leaves = zip(tree.flatten(found), tree.flatten(expected), strict=True)
    for mine, other in leaves:
        assert_near(oracle.numpy(mine), oracle.numpy(other), what)


def assert_near(found: Any, expected: Any, what: str = "") -> None:
    """Compare what came of a whole run."""
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6, err_msg=what)


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
